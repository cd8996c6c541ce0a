"""How to read each part of the report, in the lecture's words."""

from __future__ import annotations

TITLES = {
    "verdict": "Verdict",
    "flow": "Gradient flow",
    "jacobian": "The recurrent Jacobian",
    "gates": "Gates over the record",
    "clipping": "Exploding gradients and clipping",
    "truncation": "Truncated backpropagation",
    "about": "How this was measured",
}
"""Sections by their id, in order."""

READINGS = {
    "flow": (
        "Backpropagation through time multiplies one factor a step. Each line shows how much of a loss's gradient "
        "is left k steps before it: a straight fall on this logarithmic axis is a vanishing gradient, a level "
        "line an uninterrupted flow, a rise an exploding one. The band holds the middle 80 % of the samples. A "
        "ring on the threshold marks where a line falls below it for good: what lies beyond can hardly teach this "
        "layer anything. A bar on the threshold marks a stretch in which a line is below it and comes back: the steps "
        "in it teach little, those beyond it do again. A line without a ring was measured no further."
    ),
    "jacobian": (
        "The Jacobian of one step, ∂s_t/∂s_(t-1), is the factor that is multiplied again and again. Its largest "
        "singular value (norm) bounds what one step can do; its spectral radius is what would remain if every step "
        "were this one: below 1 gradients vanish, above 1 they explode, near 1 they flow. Neither tells how different "
        "steps combine, so the growth is measured on the product of all steps of the record, in the direction that "
        "lasts longest."
    ),
    "gates": (
        "The record runs along the top; below it each row of a map is one unit of the layer, sorted by its mean, and "
        "each column one step. Columns in which many units change together mark the steps at which the model turns to "
        "something new."
    ),
    "saturation": (
        "Each point is one unit: how often its gate is shut against how often it is open. In the corners a gate "
        "is a switch that is always set the same way; near the origin it is never fully decided; along the dotted "
        "line it is always at one end or the other."
    ),
    "clipping": (
        "A gradient with a norm above the clipping value is scaled down to it. A few clipped updates are what "
        "clipping is for; where most updates are clipped, it is the clipping value that sets the step size."
    ),
    "truncation": (
        "The same weights and records, with the graph cut after every K outputs of the recurrent layers, as training "
        "with --data.window K does. A cosine of 1 means that the cut gradient points where the exact one does. The "
        "bias is what does not average out over batches: with it, training ends elsewhere. The recurrent weights "
        "suffer most, for only through time do they act."
    ),
}
"""One paragraph a section."""

NOTHING_TO_TRY = (
    "Nothing stands out: the gradient reaches about as far as was looked, and no gate or norm is out of the ordinary."
)

GATES_OF_CELL = {
    "lstm": (
        "Forget, store, update, output: a forget gate near 1 keeps what the cell holds, and the gradient with it; the "
        "store gate lets the update in, and the output gate shows the cell to the next step and layer."
    ),
    "gru": (
        "The update gate is forget and store in one: near 1 a unit keeps its state, and the gradient with it; near 0 "
        "it takes the candidate instead. The reset gate says how much of the past the candidate sees."
    ),
    "rnn": (
        "This cell has no gates: shown is the state itself. A tanh passes a gradient only where it is away from -1 and "
        "1, a ReLU only where it is above 0, and every step overwrites the whole state."
    ),
    "bag": "This cell has no gates and no recurrence: shown is what it makes of the mean of all steps so far.",
    "window": "This cell has no gates and no recurrence: shown is what it makes of the last steps.",
}
"""What the maps show, by cell."""

OTHER_GATES = "Gates of this cell depend on its input alone, so that all steps can be computed at once."
