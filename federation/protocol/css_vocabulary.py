"""The words of CSS that a person may use on their own profile; what is not listed does not exist there."""

from __future__ import annotations

from typing import Final

# These paint inside the box they are set on, so the container itself may have them too.
_INSIDE_BOX: Final = """
    color background background-color background-image background-position background-size background-repeat
    background-attachment background-clip background-origin background-blend-mode
    border border-color border-style border-width border-radius
    border-top border-top-color border-top-style border-top-width
    border-right border-right-color border-right-style border-right-width
    border-bottom border-bottom-color border-bottom-style border-bottom-width
    border-left border-left-color border-left-style border-left-width
    border-top-left-radius border-top-right-radius border-bottom-left-radius border-bottom-right-radius
    border-collapse border-spacing
    padding padding-top padding-right padding-bottom padding-left padding-block padding-inline
    font font-family font-size font-style font-weight font-variant font-variant-caps font-variant-numeric
    font-stretch font-kerning font-feature-settings
    line-height letter-spacing word-spacing text-align text-align-last text-transform text-indent text-shadow
    text-decoration text-decoration-color text-decoration-line text-decoration-style text-decoration-thickness
    text-underline-offset text-wrap text-overflow white-space word-break overflow-wrap hyphens tab-size
    direction writing-mode list-style list-style-type list-style-position quotes
    accent-color caret-color color-scheme cursor transition transition-property transition-duration
    transition-timing-function transition-delay
"""

# These move a box, resize it or paint around it: only for what stands inside the container, which clips it.
_AROUND_BOX: Final = """
    display visibility opacity float clear vertical-align box-sizing box-shadow
    outline outline-color outline-style outline-width outline-offset
    width min-width max-width height min-height max-height aspect-ratio object-fit object-position
    inline-size block-size
    margin margin-top margin-right margin-bottom margin-left margin-block margin-inline
    position top right bottom left inset z-index overflow overflow-x overflow-y
    flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-wrap order
    grid grid-area grid-auto-columns grid-auto-flow grid-auto-rows grid-column grid-row grid-template-columns
    grid-template-rows gap row-gap column-gap columns column-count column-width column-rule
    align-content align-items align-self justify-content justify-items justify-self
    place-content place-items place-self
    transform transform-origin rotate scale translate filter mix-blend-mode clip-path content
"""

CONTAINER_PROPERTIES: Final = frozenset(_INSIDE_BOX.split())
PROPERTIES: Final = CONTAINER_PROPERTIES | frozenset(_AROUND_BOX.split())

# Properties with a closed list of values.
KEYWORDS: Final = {
    "position": frozenset({"static", "relative"}),
    "z-index": frozenset({"auto", *map(str, range(11))}),
}
# The largest number that makes sense, where a larger one costs every viewer time.
LARGEST: Final = {"filter": 100}
LARGEST_NUMBER: Final = 10_000

UNITS: Final = frozenset(
    """px em rem ex ch lh rlh vw vh vmin vmax svh lvh dvh svw lvw dvw cm mm in pt pc
    deg grad rad turn s ms fr""".split()  # noqa: SIM905
)

FUNCTIONS: Final = frozenset(
    """rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark calc min max clamp
    linear-gradient radial-gradient conic-gradient repeating-linear-gradient repeating-radial-gradient
    repeating-conic-gradient translate translatex translatey scale scalex scaley rotate skew skewx skewy
    matrix blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia
    cubic-bezier steps repeat minmax fit-content circle ellipse inset polygon var""".split()  # noqa: SIM905
)

PSEUDO_CLASSES: Final = frozenset(
    """hover focus focus-within focus-visible active link any-link empty
    first-child last-child only-child first-of-type last-of-type only-of-type""".split()  # noqa: SIM905
)
COUNTING_PSEUDO_CLASSES: Final = frozenset({"nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"})
PSEUDO_ELEMENTS: Final = frozenset({"before", "after", "first-letter", "first-line", "marker", "selection"})

MEDIA_FEATURES: Final = {
    "prefers-color-scheme": frozenset({"light", "dark"}),
    "prefers-reduced-motion": frozenset({"reduce", "no-preference"}),
    "prefers-contrast": frozenset({"more", "less", "no-preference"}),
    "orientation": frozenset({"portrait", "landscape"}),
    "hover": frozenset({"hover", "none"}),
}
MEDIA_LENGTHS: Final = frozenset({"min-width", "max-width", "min-height", "max-height"})
