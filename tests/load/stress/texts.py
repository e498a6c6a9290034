"""The words of the report in its two languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """One language."""

    language: str
    title: str
    about: str
    how: str
    scenarios: str
    scenario_heads: tuple[str, ...]
    legend: str
    batches: str
    batch_heads: tuple[str, ...]
    kinds: str
    kind_heads: tuple[str, ...]
    plots: str
    alternatives: dict[str, str]
    files: str
    analysis: str
    no_analysis: str


ENGLISH = Texts(
    language="en",
    title="English",
    about=(
        "Measured on {date} for {seconds} s a scenario: {cpu}, {cores} cores, {memory_gb} GB of memory, {system}, "
        "Python {python}, {servers}. The load of the machine before it began was {load_before}. Users, servers and "
        "workers shared this machine."
    ),
    how=(
        "Each scenario starts the whole stack anew (`manage.py stack`) and lets its model workers classify and count "
        "first. Then Locust's users come, five a second, and the clock starts when all are there. A user signs in "
        "once, and between pauses of one to three seconds asks the index, has a picture classified, uploads a photo, "
        "follows it, or opens the gallery (4 : 8 : 1 : 4 : 3). What they upload is counted meanwhile. "
        "`make test-load` does it again."
    ),
    scenarios="Scenarios",
    scenario_heads=(
        "users/model workers",
        "requests/s",
        "requests",
        "failed",
        "median, ms",
        "p95, ms",
        "p99, ms",
        "predictions: median, ms",
        "p95, ms",
        "p99, ms",
        "photos counted",
        "busy cores",
        "memory, GB",
    ),
    legend=(
        "`batch4` and `batch16`: `BATCH_SIZE`; `single`: `ENABLE_BATCH=false`; elsewhere `BATCH_SIZE=8`. `signin`: "
        "users that sign in anew for each prediction, as old load scripts do. Busy cores are a mean, memory is a peak; "
        "what processes share is counted in each."
    ),
    batches="Batches (50 users, 2 model workers)",
    batch_heads=(
        "batch size",
        "pictures a batch",
        "predictions/s",
        "median, ms",
        "p95, ms",
        "p99, ms",
        "busy cores of the model workers",
        "failed",
    ),
    kinds="By request ({scenario})",
    kind_heads=("request", "requests/s", "requests", "failed", "median, ms", "p95, ms", "p99, ms"),
    plots="Plots and files",
    alternatives={
        "scenarios.png": "Requests a second and times of predictions by scenario",
        "resources.png": "Busy cores and memory by scenario and group of processes",
        "batches.png": "Times of predictions and pictures a batch by batch size",
    },
    files="[Requests]({requests}) and [resources over time]({resources}) as CSV; [everything]({results}) as JSON.",
    analysis="Analysis and recommendations",
    no_analysis="Nobody has looked at these numbers yet.",
)

SPANISH = Texts(
    language="es",
    title="Español",
    about=(
        "Medido el {date}, {seconds} s por escenario: {cpu}, {cores} núcleos, {memory_gb} GB de memoria, {system}, "
        "Python {python}, {servers}. La carga de la máquina antes de empezar era {load_before}. Usuarios, servidores y "
        "procesos de trabajo compartieron esta máquina."
    ),
    how=(
        "Cada escenario arranca de nuevo todo el sistema (`manage.py stack`) y deja que los procesos del modelo "
        "clasifiquen y cuenten primero. Después llegan los usuarios de Locust, cinco por segundo, y el reloj empieza "
        "cuando están todos. Un usuario inicia sesión una vez y, entre pausas de uno a tres segundos, pide el índice, "
        "hace clasificar una imagen, sube una foto, la sigue o abre la galería (4 : 8 : 1 : 4 : 3). Lo que suben "
        "se cuenta mientras tanto. `make test-load` lo repite."
    ),
    scenarios="Escenarios",
    scenario_heads=(
        "usuarios/procesos del modelo", "pedidos/s", "pedidos", "fallidos", "mediana, ms", "p95, ms", "p99, ms",
        "predicciones: mediana, ms", "p95, ms", "p99, ms", "fotos contadas", "núcleos ocupados", "memoria, GB",
    ),
    legend=(
        "`batch4` y `batch16`: `BATCH_SIZE`; `single`: `ENABLE_BATCH=false`; en los demás, `BATCH_SIZE=8`. `signin`: "
        "usuarios que inician sesión de nuevo para cada predicción, como los viejos scripts de carga. Los núcleos "
        "ocupados son una media y la memoria es un máximo; lo que los procesos comparten se cuenta en cada uno."
    ),
    batches="Lotes (50 usuarios, 2 procesos del modelo)",
    batch_heads=(
        "tamaño de lote", "imágenes por lote", "predicciones/s", "mediana, ms", "p95, ms", "p99, ms",
        "núcleos ocupados por los procesos del modelo", "fallidos",
    ),
    kinds="Por pedido ({scenario})",
    kind_heads=("pedido", "pedidos/s", "pedidos", "fallidos", "mediana, ms", "p95, ms", "p99, ms"),
    plots="Gráficos y archivos",
    alternatives={
        "scenarios.png": "Pedidos por segundo y tiempos de las predicciones por escenario",
        "resources.png": "Núcleos ocupados y memoria por escenario y grupo de procesos",
        "batches.png": "Tiempos de las predicciones e imágenes por lote según el tamaño de lote",
    },
    files="[Pedidos]({requests}) y [recursos en el tiempo]({resources}) en CSV; [todo]({results}) en JSON.",
    analysis="Análisis y recomendaciones",
    no_analysis="Nadie ha mirado estos números todavía.",
)  # fmt: skip

TEXTS = (ENGLISH, SPANISH)
