//! Writes a made-up portfolio, as JSON Lines for `modelling_run`, to the standard output:
//! `cargo run --example generate_portfolio -- 1000 > examples/data/portfolio.jsonl`.
//!
//! The same count always gives the same bytes, and a longer portfolio begins with the shorter one.
//! A line is written before the next one is made, so a million take no more memory than one.
//!
//! No property is real. Costs, gains and emissions are plausible for the UK, not taken from a source;
//! the figures of a plan follow from those of its measures.

// check: 3

use std::env;
use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(Ok(count)) = env::args().nth(1).map(|count| count.parse()) else {
        eprintln!("usage: generate_portfolio PROPERTIES > FILE");
        return ExitCode::FAILURE;
    };
    match write_portfolio(count, &mut BufWriter::new(io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads it has had enough, such as `head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the portfolio cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a line for each of so many properties.
pub(crate) fn write_portfolio(count: u64, out: &mut impl Write) -> io::Result<()> {
    let mut random = SplitMix64(0x0070_6C61_6E77_7269);
    for nth in 0..count {
        Home::survey(&mut random).plan(&mut random).write(FIRST_PROPERTY + nth, out)?;
    }
    out.flush()
}

const FIRST_PROPERTY: u64 = 100_001;

/// What a retrofit may do: slot (of which a home gets one), homes that it suits, type, description,
/// pounds for 85 m², contingency in per cent of them, hundredths of a SAP point for a home with 60,
/// per mille of the emissions that are left.
struct Measure(Slot, Homes, &'static str, &'static str, Range, i64, Range, Range);

/// From the first to the last.
type Range = [i64; 2];

#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Roof,
    Walls,
    Floor,
    Glazing,
    Doors,
    Draughts,
    Ventilation,
    Heating,
    Controls,
    Thermostat,
    Cylinder,
    HotWater,
    Shower,
    Solar,
    /// Only behind solar panels.
    Battery,
    Lighting,
}

#[derive(Clone, Copy)]
enum Homes {
    All,
    House,
    Flat,
    Lofted,
    Attic,
    Cavity,
    Solid,
    Gas,
    Electric,
    Garden,
}

use Homes::{All, Attic, Cavity, Electric, Flat, Garden, Gas, House, Lofted, Solid};
use Slot::{
    Battery, Controls, Cylinder, Doors, Draughts, Floor, Glazing, Heating, HotWater, Lighting,
    Roof, Shower, Solar, Thermostat, Ventilation, Walls,
};

#[rustfmt::skip]
const MEASURES: [Measure; 26] = [
    Measure(Roof, Lofted, "loft_insulation", "300 mm of mineral wool", [700, 1_600], 10, [200, 600], [40, 110]),
    Measure(Roof, Attic, "room_in_roof_insulation", "Slopes, stud walls and ceiling", [5_200, 9_800], 15, [500, 1_300], [80, 180]),
    Measure(Roof, Flat, "flat_roof_insulation", "Warm roof, 150 mm of PIR", [3_800, 8_500], 15, [250, 800], [50, 120]),
    Measure(Walls, Cavity, "cavity_wall_insulation", "Blown mineral fibre", [1_100, 2_900], 10, [400, 1_000], [80, 170]),
    Measure(Walls, Solid, "internal_wall_insulation", "100 mm of wood fibre", [7_500, 13_500], 20, [700, 1_500], [120, 240]),
    Measure(Walls, Solid, "external_wall_insulation", "90 mm of EPS and render", [9_500, 18_500], 15, [800, 1_600], [130, 260]),
    Measure(Floor, House, "suspended_floor_insulation", "Mineral wool between the joists", [2_000, 4_300], 15, [150, 400], [30, 70]),
    Measure(Floor, House, "solid_floor_insulation", "70 mm of PIR and a new screed", [4_200, 7_800], 20, [150, 400], [30, 70]),
    Measure(Glazing, All, "double_glazing", "A-rated units, 1.2 W/m²K", [5_200, 9_600], 10, [200, 500], [30, 80]),
    Measure(Glazing, Solid, "secondary_glazing", "Low-emissivity inner panes", [2_600, 5_800], 10, [120, 350], [20, 60]),
    Measure(Doors, All, "insulated_doors", "1.0 W/m²K", [950, 2_400], 5, [40, 150], [5, 20]),
    Measure(Draughts, All, "draught_proofing", "Doors, windows and hatch", [180, 480], 5, [50, 150], [10, 30]),
    Measure(Ventilation, All, "mechanical_ventilation", "MVHR, 90 % heat recovery", [4_800, 8_600], 15, [50, 250], [10, 50]),
    Measure(Heating, House, "air_source_heat_pump", "8 kW, flow at 45 °C", [9_800, 14_800], 15, [600, 1_400], [380, 560]),
    Measure(Heating, Garden, "ground_source_heat_pump", "Two boreholes of 90 m", [19_500, 31_000], 20, [800, 1_600], [420, 600]),
    Measure(Heating, Gas, "gas_boiler_upgrade", "Condensing, 92 %", [2_300, 3_600], 10, [400, 900], [80, 160]),
    Measure(Heating, Electric, "storage_heaters", "High heat retention", [2_800, 5_200], 10, [500, 1_200], [60, 140]),
    Measure(Controls, All, "heating_controls", "Programmer and valves", [350, 780], 5, [150, 400], [20, 60]),
    Measure(Thermostat, All, "smart_thermostat", "Load and weather compensation", [190, 340], 5, [50, 150], [10, 40]),
    Measure(Cylinder, All, "hot_water_cylinder_insulation", "80 mm jacket", [30, 110], 5, [50, 200], [10, 40]),
    Measure(HotWater, House, "solar_thermal", "4 m² of flat plates", [4_200, 6_600], 10, [200, 500], [40, 90]),
    Measure(Shower, All, "waste_water_heat_recovery", "Vertical unit at the shower", [600, 1_300], 10, [80, 250], [10, 40]),
    Measure(Solar, House, "solar_pv", "3.5 kWp", [4_900, 7_400], 10, [800, 1_500], [100, 220]),
    Measure(Solar, Flat, "solar_pv", "Share of a roof array, 1.2 kWp", [1_900, 3_200], 15, [300, 700], [50, 110]),
    Measure(Battery, House, "battery_storage", "5 kWh", [3_200, 5_400], 10, [30, 120], [10, 30]),
    Measure(Lighting, All, "led_lighting", "All fixed fittings", [120, 380], 5, [50, 150], [5, 20]),
];

/// A home before the works.
struct Home {
    kind: Kind,
    cavity: bool,
    gas: bool,
    square_metres: i64,
    /// Hundredths of a point.
    sap: i64,
    /// Units of 0.1 kg a year, which is the fourth place of a tonne.
    co2: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Flat,
    House,
    /// A house with rooms under its roof.
    AtticHouse,
}

impl Home {
    fn survey(random: &mut SplitMix64) -> Self {
        let kind = match random.within([1, 100]) {
            1..=22 => Kind::Flat,
            23..=88 => Kind::House,
            _ => Kind::AtticHouse,
        };
        let square_metres = random.within(if kind == Kind::Flat { [38, 85] } else { [56, 165] });
        // Two throws, so that the middle is common.
        let sap = random.within([1_100, 3_400]) + random.within([1_100, 3_400]);
        Self {
            kind,
            cavity: random.per_cent(64),
            gas: random.per_cent(80),
            square_metres,
            sap,
            co2: square_metres * (11_000 - sap) * random.within([75, 92]) / 1_000,
        }
    }

    fn suits(&self, homes: Homes) -> bool {
        match homes {
            All => true,
            House => self.kind != Kind::Flat,
            Flat => self.kind == Kind::Flat,
            Lofted => self.kind == Kind::House,
            Attic => self.kind == Kind::AtticHouse,
            Cavity => self.cavity,
            Solid => !self.cavity,
            Gas => self.gas,
            Electric => !self.gas,
            Garden => self.kind != Kind::Flat && self.square_metres >= 110,
        }
    }

    /// Takes measures until the scenario's goal is reached or there is no other: of two at random
    /// the one that may gain more, so that large ones come early.
    fn plan(self, random: &mut SplitMix64) -> Plan {
        let (scenario, goal) =
            if random.per_cent(70) { ("EPC C by 2030", 6_900) } else { ("EPC B by 2035", 8_100) };
        let mut plan = Plan { scenario, sap: self.sap, co2: self.co2, measures: Vec::new() };
        let mut candidates: Vec<_> = MEASURES.iter().filter(|m| self.suits(m.1)).collect();
        while plan.sap < goal && plan.measures.len() < MAX_MEASURES && !candidates.is_empty() {
            let [one, other] = [(); 2].map(|()| random.place(candidates.len()));
            let most = |place: usize| candidates[place].6[1];
            let better = if most(one) < most(other) { other } else { one };
            let measure = candidates.swap_remove(better);
            let Measure(slot, .., cost, contingency, sap, co2) = measure;
            let taken = |slot| plan.measures.iter().any(|taken| taken.measure.0 == slot);
            if taken(*slot) || (*slot == Battery && !taken(Solar)) {
                continue;
            }
            // To the next 5 pounds; a part of the work does not depend on the size.
            let cost = random.within(*cost) * (34 + 6 * self.square_metres / 10) / 85 / 5 * 5;
            // The better the home, the less is gained.
            let sap = random.within(*sap) * (10_500 - plan.sap) / 4_500;
            let co2 = random.within(*co2) * plan.co2 / 1_000;
            plan.sap += sap;
            plan.co2 -= co2;
            plan.measures.push(Taken { measure, cost, contingency: cost * contingency, sap, co2 });
        }
        plan
    }
}

const MAX_MEASURES: usize = 12;

/// A home after the works.
struct Plan {
    scenario: &'static str,
    sap: i64,
    co2: i64,
    measures: Vec<Taken>,
}

/// A measure with its part in the plan.
struct Taken {
    measure: &'static Measure,
    /// Pounds.
    cost: i64,
    /// Pence.
    contingency: i64,
    sap: i64,
    co2: i64,
}

impl Plan {
    /// By the bands of the Standard Assessment Procedure, whose ratings are whole points.
    fn epc_band(&self) -> char {
        match (self.sap + 50) / 100 {
            92.. => 'A',
            81.. => 'B',
            69.. => 'C',
            55.. => 'D',
            39.. => 'E',
            21.. => 'F',
            _ => 'G',
        }
    }

    fn write(&self, property: u64, out: &mut impl Write) -> io::Result<()> {
        let sum = |of: fn(&Taken) -> i64| self.measures.iter().map(of).sum::<i64>();
        write!(
            out,
            "{{\"property_id\":{property},\"scenario\":\"{}\",\"post_sap_points\":{},\
             \"post_epc_band\":\"{}\",\"post_co2_tonnes\":{},\"co2_savings_tonnes\":{},\
             \"cost_of_works\":{},\"measures\":[",
            self.scenario,
            Places::<2>(self.sap),
            self.epc_band(),
            Places::<4>(self.co2),
            Places::<4>(sum(|taken| taken.co2)),
            sum(|taken| taken.cost),
        )?;
        for (nth, Taken { measure, cost, contingency, sap, co2 }) in
            self.measures.iter().enumerate()
        {
            write!(
                out,
                "{}{{\"measure_type\":\"{}\",\"description\":\"{}\",\"estimated_cost\":{cost},\
                 \"contingency\":{},\"sap_points\":{},\"co2_savings_tonnes\":{}}}",
                if nth == 0 { "" } else { "," },
                measure.2,
                measure.3,
                Places::<2>(*contingency),
                Places::<2>(*sap),
                Places::<4>(*co2),
            )?;
        }
        writeln!(out, "]}}")
    }
}

/// A number of so many decimal places, in units of the last.
struct Places<const N: u32>(i64);

impl<const N: u32> fmt::Display for Places<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_i64.pow(N);
        write!(f, "{}.{:0width$}", self.0 / one, self.0 % one, width = N as usize)
    }
}

/// Steele, Lea and Flood's generator: one word of state, the same numbers everywhere.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((self.next() >> 32) * limit) >> 32
    }

    fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("less than the length")
    }

    fn within(&mut self, [first, last]: Range) -> i64 {
        first.saturating_add_unsigned(self.below(first.abs_diff(last) + 1))
    }

    fn per_cent(&mut self, chance: i64) -> bool {
        self.within([1, 100]) <= chance
    }
}
