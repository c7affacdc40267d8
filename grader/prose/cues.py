"""The words beside a number that tell what it measures, or that it measures something else."""

from __future__ import annotations

import re

from grader.prose.terms import ORDERS, words

TINY = 0.01
"""Above, what stands beside t = 0 may be anything."""

LAB_EXAMPLE = 1e-15
ASIDE_OF = 25
"""Characters before a clause, where it stands in brackets, that name what it is about."""

BEFORE = 160
"""Characters before a number that can say what it is."""

LEAST_ORDERS, MOST_ORDERS = 0.005, 400.0
"""Outside, a number without a unit is no count of orders of magnitude."""

LOSES = words(
    r"los[ei]|lost|go(?:es)? down|went down|encog|mengu|evapor|forget|forgot|olvid|gone"
    r"|sheds?\b|decay|drop|fall|fell|shr[aiu]nk|vanish|diminish|pierd|perd|deca[eyi]|ca[eíy]|baj"
    r"|disminuy|desvanec|reduc"
)
NO_MEASURE = re.compile(r"\s*(?:%|percent|por ciento)")
KEPT = re.compile(
    r"\b(?:keep\w*|kept|retain\w*|remain\w*|fractions?|factors?|multipl\w+|conserva\w*|queda\w*"
    r"|fracci[oó]n|factor\w*)\b",
    re.IGNORECASE,
)
TOTALS = re.compile(r"\btotal\w*\b[^.;\d]{0,30}$", re.IGNORECASE)
UNIT = re.compile(rf"\s*(?:\([^()]{{0,25}}\)\s*)?(?P<orders>{ORDERS})", re.IGNORECASE)
LABEL = re.compile(rf"{ORDERS}", re.IGNORECASE)
DIFFERENCE = re.compile(
    r"\s*(?:more(?! or less)|fewer|less|apart|faster|slower|higher|lower"
    r"|between(?! the (?:last|first))|of difference"
    r"|m[aá]s\b(?! o menos)|menos\b"
    r"|de diferencia|of separation|below|above|smaller|larger|por debajo|por encima|steeper)",
    re.IGNORECASE,
)
GAP = re.compile(
    r"\b(?:gap|difference|differ\w*|diferencia|separat\w*|separaci[oó]n|apart|distance|distancia"
    r"|excess|another|further|further|extra|remaining|out of|de los)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
LOCAL = re.compile(
    r"\b(?:first|last|initial|(?<!al )final|near|late|early|tail|primer\w*|[uú]ltim\w*"
    r"|inicial\w*|window"
    r"|ventana|ten steps before|between t|entre t|stretch|tramo|beginning|steepest|locally"
    r"|localmente|start|middle|half of)\b",
    re.IGNORECASE,
)
SOME_STEPS = re.compile(
    r"\b(?:after|over|in|within|for|during|takes?|needs?|tras|en|durante|hacen falta"
    r"|necesita\w*)\s+"
    r"(?:\w+\s){0,3}?(?:\d+|five|twenty|thirty|forty|cinco|veinte|treinta|cuarenta)\s*"
    r"(?:time )?(?:steps?|pasos?)|\b(?:steps?|pasos?)\s+\d+|\bt\s*=\s*(?!0\b|49\b|50\b)\d+",
    re.IGNORECASE,
)
RADIUS = re.compile(
    r"(?<![·*×/^√g0] )(?<![·*×/^√g0])(?:spectral radius|radio espectral|ρ|\brho\b"
    r"|(?:eigenvalues?|autovalor(?:es)?|eigenvalor(?:es)?)\b[^.;\d]{0,40}\b(?:largest|biggest|mayor"
    r"|m[aá]xim[oa])\b(?:[^.;\d]{0,12}\b(?:modulus|m[oó]dulo|absolute value|valor absoluto),?)?"
    r"|\b(?:has|tiene) (?:a|un) (?:radius|radio) (?:of|de)"
    r"|(?:largest|biggest|leading|dominant) \|?eigenvalue\|?|\|?λ_?max\|?|max\s*\|λ\|"
    r"|autovalor (?:mayor|m[aá]ximo|dominante)|(?:mayor|m[aá]ximo) (?:autovalor|eigenvalor"
    r"|valor propio))(?P<between>(?:[^\d.;<>≤≥]|\.(?=[a-z])){0,90})$",
    re.IGNORECASE,
)
RADIUS_AFTER = re.compile(
    r"\s*(?:is|was|es|fue)\s+(?:the|my|our|its|el|mi)\s+(?:spectral radius|radio espectral)",
    re.IGNORECASE,
)
RADIUS_WORD = re.compile(r"spectral|espectral|ρ|\brho\b", re.IGNORECASE)
LOG_OF = re.compile(r"\blog(?:_?10)?\s*\(?\s*$", re.IGNORECASE)
ASIDE = re.compile(
    r",\s*(?:here|aqu[ií]|namely|which (?:is|was|for me is)|en mi caso|in my case|para m[ií]|que es"
    r"|concretamente|a saber|en este caso|in this case)\b"
    r"|,\s*(?:for which i (?:find|get|obtain|measure)|para (?:la|el) que (?:obtengo|mido))\b"
    r"|,\s*(?:which|that|que|computed|calculad[oa]|obtained|obtenid[oa])\s[^,]{1,50},",
    re.IGNORECASE,
)
NO_RADIUS = re.compile(
    r"\b(?:less|lower|smaller|below|above|under|more|greater|larger|menor|mayor|inferior|superior"
    r"|exceed\w*|near|close|log\w*|so|thus|then|gives?|step|paso|orders?|[oó]rdenes|norm\w*|norma"
    r"|scale|std|σ|sigma|times|factor|T|d|cerca|squared?)\b|[→⇒*×^√+]|-\s|,\s",
    re.IGNORECASE,
)
EXPLODES = re.compile(r"explo[dt]|\bgr(?:ows?|ew)\b|crec(?:e|en|er)\b", re.IGNORECASE)
ESTIMATE = re.compile(r"sqrt|√|circular|σ|\bsigma\b|estim\w+|approximat\w+ by", re.IGNORECASE)
FIRST = re.compile(
    r"\bg(?:_?0|\(0\)|\[0\])(?!\w)|\bt\s*=\s*0\b|initial gradient|first gradient|gradiente inicial"
    r"|primer gradiente|‖∂L/∂h_0‖|\btoken 0\b|\b(?:al|en el) origen\b"
    r"|\b(?:at the first|en el primer) (?:step|token|state|paso|estado)\b(?! back)",
    re.IGNORECASE,
)
NAMED_FIRST = re.compile(
    r"(?<!/)(?<!/ )\bg(?:_?0|\(0\)|\[0\])(?!\w|\s*/)[^\d;/]{0,40}$", re.IGNORECASE
)
NO_GRADIENT = re.compile(
    r"\b(?:fp ?32|float32|fp ?64|fp ?16|epsilon|eps|ε|precisi\w+|smallest|m[ií]nim\w+|normal"
    r"|learning rate|tasa|lr|tiny|tolerance|update of|relative"
    r"|t\s*=\s*(?:49|50)(?!\s*(?:to|→|->|a|hasta)\b)|g_?49|g_?50"
    r"|less than|smaller than|below|from(?! t\b))\b[^.;]{0,40}$",
    re.IGNORECASE,
)
COMPUTED = re.compile(
    r"multipl|gives?\b|yields?\b|\bpower|product|theor|te[oó]r|predi|\bfifty times|update|\blr\b"
    r"|learning rate|tasa de aprendizaje|actualiz|\^\d+\s*[=≈]|\d\s*[·×*]\s*g_?0",
    re.IGNORECASE,
)
POWER = re.compile(r"\^\S{0,6}\s*[=≈~]\s*$|/\s*g_?(?:49|50)\S?\s*(?:=|≈|~|is|es)\s*$")
GIVEN_FIRST = re.compile(
    r"\b(?:at|with|if|when|for|con|si|cuando|suppose|supon\w*)\s+g_?0\s*(?:=|≈|~|is|es)\s*$",
    re.IGNORECASE,
)
AT_LAST = re.compile(r"\s*\(?(?:at |en |for )?\s*(?:t\s*=\s*(?:49|50)|g_?49|g_?50)", re.IGNORECASE)
SUPPOSED = re.compile(r"\b(?:like|e\.?g|say|such as|como|por ejemplo|p ej)\W*$", re.IGNORECASE)
ELLIPSIS_BEFORE = re.compile(
    r"(?:^|[:,/(|&+\"“«]|\b(?:and|y|e|by|or|o|so|hence|thus|luego|makes?|only|just|merely"
    r"|barely|apenas|s[oó]lo|solamente|solo|is|was|are"
    r"|es|son|fue|en|vs|versus|than|to|against|a|of|de|que|frente a|loses?|lost|losing"
    r"|decays?|drops?"
    r"|falls?|fell|shrinks?|pierde|perdi[oó]|decae|cae|about|around|roughly|unos|casi|some"
    r"|has|tiene"
    r"|gives?|da|with|con|the|at|get|got|measured?|mide|medid\w+|rnns?|grus?|vanilla|simple|nearly"
    r"|aprox\w*|alrededor de|adds? up to|total))\s*[=≈~:]?\s*[≈~]?\s*$|[=≈~]\s*[≈~]?\s*$",
    re.IGNORECASE,
)
ELLIPSIS_AFTER = re.compile(
    r"\s*(?:$|[,;.)\]|/(\"”»]|(?:for|in|on|of|by|and|y|e|vs|versus|against|frente|para|en|de"
    r"|del|per|each"
    r"|every|cada|por|compared|while|mientras|respectiv\w+|altogether|overall|with|con|only|just"
    r"|over|across)\b)",
    re.IGNORECASE,
)
SYMBOL = re.compile(r"(?<!\w)(?!N\b|M\b|RNN|GRU)(?:\w+_\w+|\w{1,3}|\w̄)\s*[=≈~]\s*[≈~]?\s*$", re.I)
VARIABLE = re.compile(
    r"(?:(?<!\w)(?:T|t|d|z|b_z|b|seed|semilla|h|σ|std|std dev|bias|sesgo|init|scale|escala|position"
    r"|posici[oó]n|(?<!per )(?<!each )(?<!every )step|(?<!por )(?<!cada )paso|question"
    r"|pregunta|lab|option|opci[oó]n|phase|fase|fp|float|tokens?"
    r"|units|unidades|version|python|numpy|ρ|rho|radius|espectral|figure|section|\|[^|]*\||lr|times"
    r"|veces|factor(?: of| de)?|ratio|divid\w+(?: by| por| entre)?|multipl\w+(?: by"
    r"| por)?)\s*(?:of|de|=|≈|~|is|es|:|at|en|a)?\s*[≈~]?\s*)$",
    re.IGNORECASE,
)
FORMULA = re.compile(
    r"(?:log|ln|√|sqrt|ρ|∏|σ)[^=]{0,40}[=≈]\s*$|(?:log\w*|ln|√|sqrt|exp)\s*\(?\s*$", re.IGNORECASE
)
OWN_LOG = re.compile(
    r"log\w*\s*\(?\s*g_?(?:49|50|T)\s*(?:/\s*g_?0|\)?\s*[-−–]\s*log\w*\s*\(?\s*g_?0)\s*\)?"
    r"[^=≈\d]{0,12}[=≈]\s*$"
)
LOG_FIRST = re.compile(r"log\w*\s*\(?\s*g(?:_?0|\(0\)|\[0\])\s*\)?[^;\d]{0,20}$")
EXPONENT = re.compile(
    r"\b(?:to the|power of|power|raised to|elevad[oa] a(?: la)?)\s*$", re.IGNORECASE
)
SETTING = re.compile(r"^(?:with|for|at|con|para)\s*$", re.IGNORECASE)
"""Before a number at the beginning of a sentence: "With 0.1 and seed 42, …"."""

LETTERED = re.compile(r"(?<!\w)[NM](?:\s*\([^()\d]{0,40}\))?\s*(?:=|≈|~|is|es|:)\s*[≈~]?\s*$")
DERIVED = re.compile(
    r"(?:ρ|spectral radius|radio espectral)[^.;]{0,80}(?:\bso\b|gives?|means?|→|⇒|\bda\b|implica"
    r"|implies|log|predict|equals|\bi\.?e\b|=>|->|thus|luego)",
    re.IGNORECASE,
)
