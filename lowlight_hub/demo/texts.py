"""What the page says, in English and Spanish; the article's own story stays in English."""

from collections.abc import Mapping

from lowlight_hub.attempts import ARTICLE
from lowlight_hub.networks.sizes import SIDE_PX

_EN = {
    "introduction": "# lowlight-hub\n"
    "Brighten dark photos, in full resolution, with the autoencoders of "
    f"[Enhancing Low Light Images: A Deep Dive into Autoencoders]({ARTICLE}) and one that goes "
    "past them, and compare them. Photos are deleted after an hour at most.",
    "photos": "Dark photos",
    "start": "Drop a photo, or several, or click an example.",
    "examples": "Or one of these",
    "enhance": "Enhance",
    "compare": "Compare",
    "results": "Results",
    "model": "Model",
    "model_info": "With its PSNR on LOL’s test photos: the more, the nearer to the bright ones.",
    "strength": "Strength",
    "brightness": "Brightness, in stops",
    "brightness_info": "The light is a guess: correct it here.",
    "shadows": "Shadows, in stops",
    "shadows_info": "Lifts what is still dark: people before the sky. Below 0 deepens it.",
    "alone_brightness": "Brightness of this photo alone, in extra stops",
    "alone_shadows": "Shadows of this photo alone, in extra stops",
    "choices_brightness": "At other brightnesses, in stops",
    "choices_shadows": "With other shadows, in stops",
    "detail": "Detail",
    "detail_transfer": "Sharp: the network’s light and colours",
    "detail_network": "The network’s own answer",
    "detail_raw": f"The same at {SIDE_PX}×{SIDE_PX}, as in the article",
    "format": "Format",
    "format_same": "As the photo",
    "keep_metadata": "Keep camera, lens and date (never the place)",
    "run": "Enhance",
    "stop": "Stop",
    "stopped": "Stopped. Enhance starts again.",
    "stopped_several": "Stopped. Enhance goes on with the others.",
    "not_begun": "This could not be begun, since too many are waiting, or the photo is gone: try "
    "again, or give it again.",
    "in_the_zip": "Photos in the zip",
    "stopped_compare": "Stopped. “Compare all attempts” starts again.",
    "quick_look": "A quick look, smaller than your photo.",
    "writing": "The file is being written…",
    "download": "Download in full resolution",
    "download_raw": f"Download at {SIDE_PX}×{SIDE_PX}",
    "download_zip": "Download as one zip",
    "download_one": "Download this photo",
    "download_sheet": "Download this sheet",
    "link": "Copy a link to these settings",
    "restored": "Restored photos",
    "luminance": "Luminance before (blue) and after (orange), % of the pixels",
    "reference": "Bright reference, if you have one",
    "run_compare": "Compare all attempts",
    "by_psnr": "By PSNR, best first",
    "protocol": "15 test pairs of LOL, 600×400, RGB, 8 bits, as Enhance restores them; PSNR in dB. "
    "GT-mean scales the output to the true mean brightness first: another protocol.\n\n"
    "14 of the 15 scenes have a near-twin among the training pairs, so every published figure on "
    "this set rewards memory. Nothing here was chosen by it.",
    "bundled_figures": "All figures here are of the weights that come with lowlight-hub. This page "
    "uses somebody else’s, from the Hub, of which they say nothing.",
    "losses": "Losses of",
    "loss": "Loss by epoch: training (blue), validation (orange)",
    "loss_alone": "Training loss by epoch; no photos were kept back to validate on",
    "before": "Before",
    "after": "After",
    "before_alt": "The photo as it was",
    "after_alt": "The restored photo",
    "slider": "Before and after: how much of the original is shown, in percent",
    "peak": "this server’s memory up to",
    "zoom_group": "The same spot in all pictures",
    "pick": "Under the slider",
    "zoom": "Zoom",
    "across": "Left to right",
    "down": "Top to bottom",
    "of": "of",
    "photo_count": "photos",
    "part_count": "parts",
    "gone": "This photo was deleted, as all are within an hour or when the demo is started anew: "
    "give it again",
    "no_photo": "There is no photo yet: drop one, or click an example",
    "warning": "Warning",
    "not_added": "Not added",
    "too_large": "larger than",
    "no_photo_file": "not a photo",
    "about": "About it",
    "dark": "The dark photo",
    "bright": "The bright reference",
    "attempts": "attempts",
    "first_of": "Only the photo picked under “Enhance” is compared",
    "left_out": "Left out",
    "failed": "Not restored",
}
_ES = {
    "introduction": "# lowlight-hub\n"
    "Aclara fotos oscuras, a resolución completa, con los autocodificadores de "
    f"[Enhancing Low Light Images: A Deep Dive into Autoencoders]({ARTICLE}) y otro que va más "
    "allá, y compáralos. Las fotos se borran al cabo de una hora como mucho.",
    "photos": "Fotos oscuras",
    "start": "Suelta una foto, o varias, o elige un ejemplo.",
    "examples": "O una de estas",
    "enhance": "Mejorar",
    "compare": "Comparar",
    "results": "Resultados",
    "model": "Modelo",
    "model_info": "Con su PSNR en las fotos de prueba de LOL: cuanto más, más cerca de las claras.",
    "strength": "Intensidad",
    "brightness": "Brillo, en pasos",
    "brightness_info": "La luz es una estimación: corrígela aquí.",
    "shadows": "Sombras, en pasos",
    "shadows_info": "Aclara lo que sigue oscuro: personas a contraluz. Bajo 0 lo oscurece.",
    "alone_brightness": "Brillo de solo esta foto, en pasos más",
    "alone_shadows": "Sombras de solo esta foto, en pasos más",
    "choices_brightness": "Con otro brillo, en pasos",
    "choices_shadows": "Con otras sombras, en pasos",
    "detail": "Detalle",
    "detail_transfer": "Nítido: la luz y los colores de la red",
    "detail_network": "La respuesta de la propia red",
    "detail_raw": f"La misma a {SIDE_PX}×{SIDE_PX}, como en el artículo",
    "format": "Formato",
    "format_same": "Como la foto",
    "keep_metadata": "Conservar cámara, objetivo y fecha (nunca el lugar)",
    "run": "Mejorar",
    "stop": "Parar",
    "stopped": "Detenido. «Mejorar» empieza de nuevo.",
    "stopped_several": "Detenido. «Mejorar» sigue con las demás.",
    "not_begun": "No se ha podido empezar, porque esperan demasiadas fotos o esta ya no está: "
    "inténtalo de nuevo o vuelve a darla.",
    "in_the_zip": "Fotos en el zip",
    "stopped_compare": "Detenido. «Comparar todos los intentos» empieza de nuevo.",
    "quick_look": "Un primer vistazo, más pequeño que tu foto.",
    "writing": "Se está escribiendo el archivo…",
    "download": "Descargar a resolución completa",
    "download_raw": f"Descargar a {SIDE_PX}×{SIDE_PX}",
    "download_zip": "Descargar en un zip",
    "download_one": "Descargar esta foto",
    "download_sheet": "Descargar esta hoja",
    "link": "Copiar un enlace a estos ajustes",
    "restored": "Fotos restauradas",
    "luminance": "Luminancia antes (azul) y después (naranja), % de los píxeles",
    "reference": "Foto de referencia con buena luz, si la tienes",
    "run_compare": "Comparar todos los intentos",
    "by_psnr": "Por PSNR, el mejor primero",
    "protocol": "15 pares de prueba de LOL, 600×400, RGB, 8 bits, tal como los restaura «Mejorar»; "
    "PSNR en dB. GT-mean escala antes la salida al brillo medio real: es otro protocolo.\n\n"
    "14 de las 15 escenas tienen una casi gemela entre los pares de entrenamiento: toda cifra "
    "publicada sobre este conjunto premia la memorización. Aquí nada se eligió según él.",
    "bundled_figures": "Todas las cifras de aquí son de los pesos que vienen con lowlight-hub. "
    "Esta página usa los de otra persona, del Hub, de los que no dicen nada.",
    "losses": "Pérdidas de",
    "loss": "Pérdida por época: entrenamiento (azul), validación (naranja)",
    "loss_alone": "Pérdida de entrenamiento por época; no se reservaron fotos para validar",
    "before": "Antes",
    "after": "Después",
    "before_alt": "La foto tal como era",
    "after_alt": "La foto restaurada",
    "slider": "Antes y después: cuánto se ve de la foto tal como era, en tanto por ciento",
    "peak": "memoria del servidor, hasta",
    "zoom_group": "La misma zona en todas las imágenes",
    "pick": "Bajo el deslizador",
    "zoom": "Zoom",
    "across": "De izquierda a derecha",
    "down": "De arriba abajo",
    "of": "de",
    "photo_count": "fotos",
    "part_count": "partes",
    "gone": "Esta foto se borró, como todas al cabo de una hora o al reiniciarse la demo: vuelve a "
    "darla",
    "no_photo": "Aún no hay ninguna foto: suelta una o elige un ejemplo",
    "warning": "Aviso",
    "not_added": "Sin añadir",
    "too_large": "de más de",
    "no_photo_file": "no es una foto",
    "about": "Qué es",
    "dark": "La foto oscura",
    "bright": "La referencia con buena luz",
    "attempts": "intentos",
    "first_of": "Solo se compara la foto elegida en «Mejorar»",
    "left_out": "Omitidos",
    "failed": "Sin restaurar",
}
TEXTS = {"en": _EN, "es": _ES}


def words(accept_language: str | None) -> Mapping[str, str]:
    """The texts for a browser's Accept-Language header: of its first language, else in English.

    By the first alone, as the page's own texts are.
    """
    first = (accept_language or "").split(",")[0].split(";")[0].strip().lower().split("-")[0]
    return TEXTS.get(first, _EN)
