"""Names of the emission standards, from old to new, in the words of the guidebook's table."""

HEAVY_STANDARDS = (
    "conventional",
    "euro_I",
    "euro_II",
    "euro_III",
    "euro_IV",
    "euro_V",
    "eev",
    "euro_VI_abc",
    "euro_VI_de",
)
LIGHT_STANDARDS = (
    "conventional",
    "ece_15_00_01",
    "ece_15_02",
    "ece_15_03",
    "ece_15_04",
    "improved_conventional",
    "open_loop",
    "euro_1",
    "euro_2",
    "euro_3",
    "euro_4",
    "euro_5",
    "euro_6abc",
    "euro_6d_temp",
    "euro_6d",
    "euro_7",
)
