"""Columns, words, classes and years of the public forms of registries; `build_registry_forms.py` writes them."""

from __future__ import annotations

OWN = "own estimate, to be checked"
READ = "as named in published programs that read the form"
RECALLED = "names of the form (recalled)"
DMV = "California DMV, Vehicle Fuel Type Count by Zip Code, data.ca.gov, table of 2020-01-01 (read)"
GUIDE = (
    "definitions of vehicle types by length and total mass in the Chinese guide of 2014 (read); masses own estimates"
)

# form, role, headers, needed, title, source, checked
COLUMNS = [
    ("california_zip", "type", "Duty", "yes", DMV, "yes"),
    ("california_zip", "fuel", "Fuel", "yes", DMV, "yes"),
    ("california_zip", "year", "Model Year", "yes", DMV, "yes"),
    ("california_zip", "count", "Vehicles", "yes", DMV, "yes"),
    ("california_zip", "zone", "Zip Code|Zip", "yes", DMV, "yes"),
    ("california_zip", "make", "Make", "no", DMV, "yes"),
    ("emfac", "type", "Vehicle Category|Vehicle Class", "yes", READ, "yes"),
    ("emfac", "detail", "GVWR Class", "no", READ, "yes"),
    ("emfac", "fuel", "Fuel Type|Fuel", "yes", READ, "yes"),
    ("emfac", "technology", "Fuel Technology", "no", READ, "yes"),
    ("emfac", "year", "Model Year", "yes", READ, "yes"),
    ("emfac", "count", "Vehicle Population|Population", "yes", READ, "yes"),
    ("emfac", "zone", "Region|Sub-Area|Sub Area|Zip Code|County", "no", READ, "yes"),
    ("emfac", "miles_per_day", "Total VMT|VMT", "no", READ, "yes"),
    ("ntd", "type", "Vehicle Type", "yes", READ, "yes"),
    ("ntd", "detail", "Vehicle Length (ft)|Vehicle Length", "no", RECALLED, "no"),
    ("ntd", "fuel", "Fuel Type", "yes", READ, "yes"),
    ("ntd", "year", "Manufacture Year|Year of Manufacture|Year Manufactured", "yes", READ, "yes"),
    ("ntd", "count", "Total Fleet Vehicles", "yes", READ, "yes"),
    ("ntd", "active", "Active Fleet Vehicles|Active Vehicles", "no", RECALLED, "no"),
    ("ntd", "miles", "Total Miles on Active Vehicles During Period", "no", READ, "yes"),
    ("ntd", "depot", "Agency|Agency Name", "no", READ, "yes"),
    ("ntd", "make", "Manufacturer", "no", READ, "yes"),
    ("china_stock", "type", "车型|车辆类型|车辆类别|车型分类|类型|type|vehicle_type", "yes", OWN, "no"),
    ("china_stock", "fuel", "燃料|燃料种类|燃料类型|燃油类型|能源类型|fuel|fuel_type", "no", OWN, "no"),
    ("china_stock", "standard", "排放标准|排放阶段|标准|emission_standard|standard", "no", OWN, "no"),
    ("china_stock", "count", "保有量|数量|辆数|车辆数|stock|vehicles", "no", OWN, "no"),
    ("china_stock", "unit", "单位|unit", "no", OWN, "no"),
    ("china_stock", "zone", "地区|区县|行政区|城市|省份|region|district", "no", OWN, "no"),
    ("china_stock", "km_per_year", "年均行驶里程|年行驶里程|km_per_year", "no", OWN, "no"),
    ("age_distribution", "age", "age|车龄|ageid|edad", "yes", OWN, "no"),
    ("age_distribution", "share", "share|age_share|age_fraction|agefraction|fraction|比例|车龄比例|占比", "yes", OWN, "no"),
]  # fmt: skip

FUELS = {
    "california_zip": {
        "petrol": "Gasoline|Flex-Fuel",
        "diesel": "Diesel and Diesel Hybrid|Diesel",
        "electricity": "Battery Electric",
        "petrol_hybrid": "Hybrid Gasoline",
        "petrol_phev_on_fuel": "Plug-in Hybrid",
        "cng": "Natural Gas",
    },
    "emfac": {
        "petrol": "Gasoline|Gas",
        "diesel": "Diesel|Dsl",
        "electricity": "Electric|Electricity|Elec",
        "cng": "Natural Gas|NG",
        "petrol_phev_on_fuel": "Plug-in Hybrid|Phe",
    },
    "ntd": {
        "diesel": "Diesel Fuel|Diesel",
        "petrol": "Gasoline|Ethanol|Dual Fuel",
        "cng": "Compressed Natural Gas",
        "lng": "Liquefied Natural Gas",
        "lpg": "Liquefied Petroleum Gas",
        "biodiesel": "Bio-Diesel|Biodiesel",
        "diesel_hybrid": "Hybrid Diesel",
        "petrol_hybrid": "Hybrid Gasoline",
        "electricity": "Electric Battery|Electric Propulsion Power|Electric Propulsion",
    },
    "china_stock": {
        "petrol": "汽油|汽油车|petrol|gasoline",
        "diesel": "柴油|柴油车|diesel",
        "cng": "天然气|燃气|压缩天然气|CNG|cng|natural gas",
        "lng": "液化天然气|LNG|lng",
        "lpg": "液化石油气|LPG|lpg",
        "electricity": "电|电动|纯电动|纯电|electricity|electric|BEV",
        "petrol_hybrid": "油电混合|混合动力|汽油混合动力|hybrid",
        "petrol_phev_on_fuel": "插电式混合动力|插电混动|插电式|PHEV",
    },
}
OUT_FUELS = {
    "california_zip": {
        "fuel cells have no factors in the tables": "Hydrogen Fuel Cell|Hydrogen",
        "the fuel is not told": "Other|Unk",
    },
    "emfac": {"fuel cells have no factors in the tables": "Hydrogen|FCEV", "the fuel is not told": "Unknown"},
    "ntd": {
        "fuel cells have no factors in the tables": "Hydrogen|Hydrogen Cell|Hydrogen Fuel Cell",
        "no factors of this fuel in the tables": "Methanol|Kerosene|Bunker Fuel|Grain Additive",
        "the fuel is not told": "Other|Dual Fuel Other",
    },
    "china_stock": {
        "fuel cells have no factors in the tables": "氢燃料|燃料电池|氢|FCEV",
        "the fuel is not told": "其他|其它|other",
    },
}
TECHNOLOGIES = {"PHEV": "petrol_phev_on_fuel", "BEV": "electricity"}

# form, word, detail, class
TYPES = [
    ("california_zip", "Light", "", "light"),
    ("california_zip", "Heavy", "", "heavy"),
    ("emfac", "P|LDA|LDV", "", "car"),
    ("emfac", "T1|T2|LDT1|LDT2", "", "light_truck"),
    ("emfac", "T3|MDV", "", "medium_truck"),
    ("emfac", "T4|LHD1|LHDT1", "", "lhd1"),
    ("emfac", "T5|LHD2|LHDT2", "", "lhd2"),
    ("emfac", "T6|T6*|MHDT", "", "t6"),
    ("emfac", "T6", "4", "t6_class4"),
    ("emfac", "T6", "5", "t6_class5"),
    ("emfac", "T6", "6", "t6_class6"),
    ("emfac", "T6", "7", "t6_class7"),
    ("emfac", "T6 * Class 4", "", "t6_class4"),
    ("emfac", "T6 * Class 5", "", "t6_class5"),
    ("emfac", "T6 * Class 6", "", "t6_class6"),
    ("emfac", "T6 * Class 7", "", "t6_class7"),
    ("emfac", "T7|T7*|HHDT", "", "t7"),
    ("emfac", "T7 Single Dump*", "", "dump"),
    ("emfac", "T7 Single Concrete*", "", "mixer"),
    ("emfac", "T7 Single Other*|T7 Public*|T7 Utility*|T7 Single", "", "t7_single"),
    ("emfac", "T7 SWCV*", "", "refuse"),
    ("emfac", "T7 POLA*|T7 POAK*|T7 Other Port*", "", "drayage"),
    ("emfac", "BT|UBUS|UB", "", "transit"),
    ("emfac", "BS|SBUS|SB", "", "school"),
    ("emfac", "B|OBUS|OB|All Other Buses", "", "other_bus"),
    ("emfac", "Motor Coach", "", "coach"),
    ("emfac", "MC|MCY", "", "motorcycle"),
    ("emfac", "MH", "", "motor_home"),
    ("ntd", "Bus", "", "bus"),
    ("ntd", "Bus", "0..32", "midi"),
    ("ntd", "Articulated Bus", "", "articulated"),
    ("ntd", "Double Decker Bus", "", "double_decker"),
    ("ntd", "Over-the-road Bus", "", "coach"),
    ("ntd", "School Bus", "", "school"),
    ("ntd", "Cutaway", "", "cutaway"),
    ("ntd", "Trolleybus", "", "bus"),
    ("ntd", "Van", "", "van"),
    ("ntd", "Minivan|Automobile|Sports Utility Vehicle|Sport Utility Vehicle", "", "car"),
    ("china_stock", "微型客车|微型载客汽车|微型载客车|微客", "", "mini_car"),
    ("china_stock", "小型客车|小型载客汽车|小型载客车|小客车|小客|轿车|小汽车|私家车|乘用车|passenger car", "", "car"),
    ("china_stock", "出租车|出租汽车|巡游出租车|taxi", "", "taxi"),
    ("china_stock", "中型客车|中型载客汽车|中型载客车|中客", "", "medium_coach"),
    ("china_stock", "大型客车|大型载客汽车|大型载客车|大客车|大客|coach", "", "coach"),
    ("china_stock", "公交车|公共汽车|公交|bus", "", "transit"),
    ("china_stock", "微型货车|微型载货汽车|微型载货车|微货", "", "mini_truck"),
    ("china_stock", "轻型货车|轻型载货汽车|轻型载货车|轻货|light truck", "", "light_truck"),
    ("china_stock", "中型货车|中型载货汽车|中型载货车|中货|medium truck", "", "medium_truck"),
    ("china_stock", "重型货车|重型载货汽车|重型载货车|重货|重卡|heavy truck", "", "heavy_truck"),
    ("china_stock", "半挂牵引车|牵引车|重型牵引车", "", "tractor"),
    ("china_stock", "环卫车|环卫车辆", "", "sanitation"),
    ("china_stock", "工程车", "", "construction"),
    ("china_stock", "渣土车|自卸车|自卸汽车", "", "dump"),
    ("china_stock", "混凝土搅拌车|搅拌车", "", "mixer"),
    ("china_stock", "邮政车|邮政快递车", "", "postal"),
    ("china_stock", "低速货车|低速汽车|三轮汽车", "", "low_speed"),
    ("china_stock", "摩托车|普通摩托车|motorcycle", "", "motorcycle"),
    ("china_stock", "轻便摩托车", "", "moped"),
]  # fmt: skip
OUT_TYPES = [
    ("ntd", "runs on rails or water, or hangs", ("Heavy Rail Passenger Car|Light Rail Vehicle|Commuter Rail Locomotive|"
     "Commuter Rail Passenger Coach|Commuter Rail Self-Propelled Passenger Car|Streetcar Rail|Streetcar|Cable Car|"
     "Inclined Plane Vehicle|Monorail Vehicle|Monorail/Automated Guideway|Automated Guideway Vehicle|Vintage Trolley|"
     "Vintage Trolley/Streetcar|Ferryboat|Aerial Tramway|Locomotive|Steel Wheel Vehicles")),
    ("ntd", "no vehicle for passengers", ("Automobiles (Service)|Trucks and other Rubber Tire Vehicles (Service)|"
     "Trucks and other Rubber Tire Vehicles|Other")),
    ("emfac", "a part of a vehicle, counted with it", "PTO"),
]  # fmt: skip

# form, words, class it stands in for, class it becomes
MAKES = [
    ("california_zip", "heavy", "transit", ("GILLIG|NEWFLYER|NEW FLYER|NORTH AMERICAN BUS INDUSTRIES|ORION|NEOPLAN|"
     "FLXIBLE TRANSIT COACHES|FLEXIBLE|EVOBUS|EL DORADO|PROTERRA|BYD")),
    ("california_zip", "heavy", "school", "BLUEBIRD|BLUE BIRD|THOMAS BUS|THOMAS BUILT BUSES|IC BUS|IC BUS, LLC|LION"),
    ("california_zip", "heavy", "coach", "VAN HOOL|MOTOR COACH INDUSTRIES|PREVOST|TMC GREYHOUND|MCI"),
    ("california_zip", "heavy", "refuse", "AUTOCAR|CRANE CARRIER"),
    ("california_zip", "heavy", "truck", "FREIGHTLINER|INTERNATIONAL|PETERBILT|KENWORTH|VOLVO|MACK|STERLING|WESTERN STAR"),
    ("california_zip", "heavy", "delivery", ("FORD|CHEVROLET|GMC|DODGE|RAM|ISUZU|HINO|WORKHORSE|MITSUBISHI|"
     "MITSUBISHI FUSO|UD TRUCKS|MERCEDES-BENZ|NISSAN|TOYOTA")),
]  # fmt: skip

SCHOOL = round(12000 * 1.609344)
"""Of a school bus (Alternative Fuels Data Center, 12,000 miles a year), whose stream is that of coaches."""

MID, BIG = "Medium", "Large-SUV-Executive"
TRUCKS = [
    ("rigid 6.5 t", "heavy_truck", "", 6500, "rigid_truck", ""),
    ("rigid 9.5 t", "heavy_truck", "", 9500, "rigid_truck", ""),
    ("rigid 13 t", "heavy_truck", "", 13000, "rigid_truck", ""),
    ("rigid 24 t", "heavy_truck", "", 24000, "rigid_truck", ""),
    ("tractor", "heavy_truck", "", 36000, "articulated_truck", ""),
    ("drayage", "heavy_truck", "", 36000, "drayage", ""),
    ("construction", "heavy_truck", "", 27000, "construction", ""),
    ("refuse", "heavy_truck", "", 27000, "sanitation", ""),
    ("transit 12 m", "bus", "", 17500, "urban_bus", ""),
    ("transit 18 m", "bus", "", 27000, "urban_bus", ""),
    ("school bus", "bus", "", 13000, "coach", SCHOOL),
]
HEAVY_DIESEL = (0.2385, 0.1325, 0.106, 0.053, 0.24, 0.09, 0.08, 0.02, 0.0085, 0.0015, 0.03)
HEAVY_GAS = (0.0, 0.0, 0.0, 0.0, 0.2, 0.05, 0.0, 0.35, 0.34, 0.06, 0.0)
HEAVY_ELECTRIC = (0.135, 0.075, 0.06, 0.03, 0.0, 0.0, 0.0, 0.0, 0.595, 0.105, 0.0)
HEAVY_PETROL = (0.45, 0.25, 0.2, 0.1, 0, 0, 0, 0, 0, 0, 0)
TRUCK_MAKES = (0.11, 0.13, 0.19, 0.12, 0.25, 0.095, 0.085, 0.02, 0, 0, 0)
CLASSES = "masses and uses by class: own estimate, to be checked"


def mix(form: str, name: str, fuel: str, shares: tuple[float, ...]) -> list[tuple[object, ...]]:
    """Return the parts of a class that is a mix of trucks and buses."""
    return [
        (form, name, fuel, part[0], share, *part[1:], OWN, "no")
        for part, share in zip(TRUCKS, shares, strict=True)
        if share
    ]


def one(
    form: str, name: str, category: str, segment: str, mass: object, stream: str, km: object = "", source: str = CLASSES
) -> tuple[object, ...]:
    """Return the part of a class that is a single kind of vehicle; no ``km``: the usual ones of its stream."""
    return (form, name, "*", name, 1.0, category, segment, mass, stream, km, source, "no")


# form, class, fuel, part, share, category, segment, gross mass, stream, km a year, source, checked
PARTS: list[tuple[object, ...]] = [
    ("california_zip", "light", "*", "car", 0.44, "passenger_car", MID, "", "car", "", OWN, "no"),
    ("california_zip", "light", "*", "suv", 0.44, "passenger_car", BIG, "", "car", "", OWN, "no"),
    ("california_zip", "light", "*", "van", 0.12, "light_commercial", "N1-III", "", "light_commercial", "", OWN, "no"),
    ("california_zip", "light", "petrol_phev_on_fuel", "car", 0.5, "passenger_car", MID, "", "car", "", OWN, "no"),
    ("california_zip", "light", "petrol_phev_on_fuel", "suv", 0.5, "passenger_car", BIG, "", "car", "", OWN, "no"),
    *mix("california_zip", "heavy", "diesel", HEAVY_DIESEL),
    *mix("california_zip", "heavy", "cng", HEAVY_GAS),
    *mix("california_zip", "heavy", "electricity", HEAVY_ELECTRIC),
    *mix("california_zip", "heavy", "petrol", HEAVY_PETROL),
    *mix("california_zip", "truck", "*", TRUCK_MAKES),
    *mix("california_zip", "delivery", "*", HEAVY_PETROL),
    one("california_zip", "transit", "bus", "", 17500, "urban_bus"),
    one("california_zip", "school", "bus", "", 13000, "coach", SCHOOL),
    one("california_zip", "coach", "bus", "", 22000, "coach"),
    one("california_zip", "refuse", "heavy_truck", "", 27000, "sanitation"),
    one("emfac", "car", "passenger_car", MID, "", "car"),
    one("emfac", "light_truck", "passenger_car", BIG, "", "car"),
    one("emfac", "medium_truck", "light_commercial", "N1-III", "", "light_commercial"),
    one("emfac", "lhd1", "heavy_truck", "", 4196, "rigid_truck"),
    one("emfac", "lhd2", "heavy_truck", "", 5443, "rigid_truck"),
    one("emfac", "t6", "heavy_truck", "", 10660, "rigid_truck"),
    one("emfac", "t6_class4", "heavy_truck", "", 6804, "rigid_truck"),
    one("emfac", "t6_class5", "heavy_truck", "", 8051, "rigid_truck"),
    one("emfac", "t6_class6", "heavy_truck", "", 10319, "rigid_truck"),
    one("emfac", "t6_class7", "heavy_truck", "", 13381, "rigid_truck"),
    one("emfac", "t7", "heavy_truck", "", 36000, "articulated_truck"),
    one("emfac", "t7_single", "heavy_truck", "", 24000, "rigid_truck"),
    one("emfac", "dump", "heavy_truck", "", 27000, "dump_truck"),
    one("emfac", "mixer", "heavy_truck", "", 30000, "mixer_truck"),
    one("emfac", "refuse", "heavy_truck", "", 27000, "sanitation"),
    one("emfac", "drayage", "heavy_truck", "", 36000, "drayage"),
    one("emfac", "transit", "bus", "", 17500, "urban_bus"),
    one("emfac", "school", "bus", "", 13000, "coach", SCHOOL),
    one("emfac", "other_bus", "bus", "", 13000, "coach", SCHOOL),
    one("emfac", "coach", "bus", "", 22000, "coach"),
    one("emfac", "motorcycle", "l_category", "Motorcycles 4-stroke 250 - 750 cc", "", "motorcycle", 3700),
    one("emfac", "motor_home", "heavy_truck", "", 8000, "rigid_truck", 5000),
    one("ntd", "bus", "bus", "", 17500, "urban_bus"),
    one("ntd", "midi", "bus", "", 12000, "urban_bus"),
    one("ntd", "articulated", "bus", "", 27000, "urban_bus"),
    one("ntd", "double_decker", "bus", "", 24000, "urban_bus"),
    one("ntd", "coach", "bus", "", 22000, "coach"),
    one("ntd", "school", "bus", "", 13000, "coach", SCHOOL),
    one("ntd", "cutaway", "bus", "", 6350, "minibus"),
    one("ntd", "van", "light_commercial", "N1-III", "", "light_commercial"),
    one("ntd", "car", "passenger_car", BIG, "", "car"),
    one("china_stock", "mini_car", "passenger_car", "Mini", "", "car", source=GUIDE),
    one("china_stock", "car", "passenger_car", MID, "", "car", source=GUIDE),
    one("china_stock", "taxi", "passenger_car", MID, "", "taxi", source=GUIDE),
    one("china_stock", "medium_coach", "bus", "", 6500, "coach", source=GUIDE),
    one("china_stock", "coach", "bus", "", 16000, "coach", source=GUIDE),
    one("china_stock", "transit", "bus", "", 17500, "urban_bus", source=GUIDE),
    one("china_stock", "mini_truck", "light_commercial", "N1-I", "", "light_commercial", source=GUIDE),
    one("china_stock", "light_truck", "light_commercial", "N1-III", "", "light_commercial", source=GUIDE),
    one("china_stock", "medium_truck", "heavy_truck", "", 9000, "rigid_truck", source=GUIDE),
    ("china_stock", "heavy_truck", "*", "rigid", 0.5, "heavy_truck", "", 25000, "rigid_truck", "", GUIDE, "no"),
    ("china_stock", "heavy_truck", "*", "tractor", 0.5, "heavy_truck", "", 49000, "articulated_truck", "", GUIDE, "no"),
    one("china_stock", "tractor", "heavy_truck", "", 49000, "articulated_truck", source=GUIDE),
    one("china_stock", "sanitation", "heavy_truck", "", 16000, "sanitation", source=GUIDE),
    one("china_stock", "construction", "heavy_truck", "", 25000, "construction", source=GUIDE),
    one("china_stock", "dump", "heavy_truck", "", 31000, "dump_truck", source=GUIDE),
    one("china_stock", "mixer", "heavy_truck", "", 31000, "mixer_truck", source=GUIDE),
    one("china_stock", "postal", "light_commercial", "N1-III", "", "postal", source=GUIDE),
    one("china_stock", "low_speed", "light_commercial", "N1-II", "", "light_commercial", source=GUIDE),
    one("china_stock", "motorcycle", "l_category", "Motorcycles 4-stroke <250 cc", "", "motorcycle", source=GUIDE),
    one("china_stock", "moped", "l_category", "Mopeds 4-stroke <50 cc", "", "motorcycle", source=GUIDE),
]

MEDIAN = "median model year of the vehicles whose year is known, computed from the DMV's table of 2020-01-01"
# form, type word, word of the year, model year, share, source, checked
YEARS = [
    ("california_zip", "*", "<2007", 1995, 0.25, OWN, "no"),
    ("california_zip", "*", "<2007", 2000, 0.35, OWN, "no"),
    ("california_zip", "*", "<2007", 2005, 0.40, OWN, "no"),
    ("california_zip", "*", "Unk", 2011, 1.0, MEDIAN, "yes"),
]

DEFAULT_FUELS = {
    "petrol": "mini_car|car|taxi|motorcycle|moped",
    "diesel": "medium_coach|coach|transit|mini_truck|light_truck|medium_truck|heavy_truck|tractor|sanitation|construction|dump|mixer|postal|low_speed",
}
"""Fuels of the classes of Chinese stock tables that name none."""

STEPS = {
    "before": "国零|国0|国Ⅰ前|国I前|国一前|国1前|国一以前|国Ⅰ以前|无控|黄标车|pre",
    "国一": "国一|国1|国Ⅰ|国I|china 1|china_1",
    "国二": "国二|国2|国Ⅱ|国II|china 2|china_2",
    "国三": "国三|国3|国Ⅲ|国III|china 3|china_3",
    "国四": "国四|国4|国Ⅳ|国IV|china 4|china_4",
    "国五": "国五|国5|国Ⅴ|国V|china 5|china_5",
    "国六": "国六|国6|国Ⅵ|国VI|china 6|china_6",
    "国六a": "国六a|国6a|国ⅥA|国VIA|china 6a",
    "国六b": "国六b|国6b|国ⅥB|国VIB|china 6b",
}
UNITS = {"1": "辆|vehicles", "1000": "千辆|thousand", "10000": "万辆|ten thousand"}

NATIVE_HEADERS = {
    "vehicle_id": ("id|vehicle|vehicle_no|fleet_number|unit", "编号|序号|车辆编号|自编号", "vehiculo_id"),
    "category": ("vehicle_category|vehicle_class|class", "类别|车辆类别|车辆类型|车型", "categoria|categoría"),
    "fuel": ("fuel_type|energy", "燃料|燃料种类|燃料类型|能源类型", "combustible"),
    "gross_mass_kg": ("gvw|gvwr_kg|gross_weight_kg|gross_vehicle_mass_kg|mass_kg", "总质量|总质量kg|总质量_kg|最大总质量", "peso_bruto_kg"),
    "model_year": ("year|year_of_manufacture|registration_year", "车型年份|年份|出厂年份|登记年份|注册年份", "año|ano|año_modelo"),
    "standard": ("emission_standard|euro_class|emission_class", "排放标准|排放阶段", "norma|norma_de_emision"),
    "aftertreatment": ("after_treatment", "后处理|后处理装置", "postratamiento"),
    "stream": ("use|service", "用途|车流|使用性质", "uso|servicio"),
    "km_per_year": ("annual_km|km_year|annual_distance_km", "年行驶里程|年均行驶里程|年里程", "km_anuales"),
    "odometer_km": ("odometer", "累计里程|行驶总里程|里程表读数", "odometro|odómetro"),
    "zone": ("district|area", "区|区县|行政区", "zona|comuna"),
    "depot": ("garage|base", "车场|场站|停车场", "deposito|depósito|terminal"),
    "load_fraction": ("load", "载荷率|装载率", "carga"),
    "count": ("number|vehicles|quantity", "数量|车辆数|辆数", "cantidad|numero"),
    "make": ("manufacturer|brand", "品牌|厂牌|制造商", "marca"),
    "certification": ("certificate|engine_certification", "型式核准|环保信息|认证", "certificacion|certificación"),
}  # fmt: skip
NATIVE_WORDS = {
    ("fuel", "petrol"): "汽油|gasoline|gas|gasolina|bencina",
    ("fuel", "diesel"): "柴油|diésel|gasoil",
    ("fuel", "cng"): "天然气|压缩天然气|gnc|natural gas",
    ("fuel", "lng"): "液化天然气|gnl",
    ("fuel", "lpg"): "液化石油气|glp",
    ("fuel", "electricity"): "电|电动|纯电动|electric|bev|eléctrico|electrico",
    ("fuel", "petrol_hybrid"): "油电混合|汽油混合动力|hybrid",
    ("fuel", "petrol_phev_on_fuel"): "插电式混合动力|phev|plug-in hybrid",
    ("fuel", "diesel_hybrid"): "柴油混合动力|diesel hybrid",
    ("category", "passenger_car"): "小型客车|轿车|小客车|乘用车|car|passenger car|automóvil|automovil",
    ("category", "light_commercial"): "轻型货车|微型货车|轻型载货汽车|van|light commercial vehicle|lcv|furgon|furgón|camioneta",
    ("category", "heavy_truck"): "重型货车|中型货车|重型载货汽车|中型载货汽车|货车|truck|heavy truck|hgv|camion|camión",
    ("category", "bus"): "公交车|大型客车|中型客车|客车|公共汽车|coach|autobús|autobus|omnibus",
    ("category", "l_category"): "摩托车|motorcycle|moped|motocicleta|moto",
    ("stream", "urban_bus"): "公交|公交客运|公共汽车|城市公交",
    ("stream", "taxi"): "出租|出租车|出租客运|出租汽车",
    ("stream", "coach"): "公路客运|旅游客运|长途客运|校车",
    ("stream", "sanitation"): "环卫|环卫车",
    ("stream", "postal"): "邮政|快递|邮政快递",
    ("stream", "construction"): "工程|工程车",
    ("stream", "dump_truck"): "渣土|渣土车|自卸车",
    ("stream", "mixer_truck"): "搅拌车|混凝土搅拌车",
    ("stream", "drayage"): "集卡|港口集卡|疏港",
    ("stream", "rigid_truck"): "普通货运|货运|载货",
    ("stream", "articulated_truck"): "半挂|牵引|半挂牵引",
    ("stream", "light_commercial"): "城市配送|配送",
    ("stream", "car"): "非营运|家庭自用|私家车",
}  # fmt: skip

AFTERTREATMENT = [
    ("*", "EGR", "euro_IV", "Scania|MAN"),
    ("*", "EGR", "euro_V", "MAN"),
    ("*", "SCR", "euro_IV|euro_V", "Volvo|DAF|Mercedes-Benz|Iveco|Renault|Renault Trucks"),
    ("US", "EGR", "euro_IV|euro_V", "Volvo|Mack|Freightliner|International|Peterbilt|Kenworth|Sterling|Western Star"),
]
"""What heavy engines of a maker had behind them, by region; of Scania's Euro V both kinds were usual. American engines
of 2004 to 2009 had EGR (from 2007 on with a filter, which the factor table has with SCR alone)."""
