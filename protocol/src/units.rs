//! Units as devices write them, converted once into the vocabulary's UCUM units.
//! A unit that is not listed converts to nothing: the caller says so, it never guesses.

use crate::vocabulary::Unit;

/// Glucose: how many mmol/L are 1 kg/L (molar mass 180.16 g/mol, as [`convert`] has it).
pub const MMOL_PER_LITRE_OF_KG: f64 = 100_000.0 / 18.016;

/// `value` in `unit`, when `from` is a way of writing that unit or converts to it.
///
/// Sources: UCUM for the codes; 1 lb = 0.45359237 kg and 1 st = 14 lb (Weights and Measures Act 1985, schedule 1);
/// 1 kPa = 7.500617 mm[Hg] (BIPM SI brochure, conventional millimetre of mercury);
/// glucose 1 mmol/L = 18.016 mg/dL (molar mass 180.16 g/mol).
pub fn convert(value: f64, from: &str, unit: Unit) -> Option<f64> {
    let from = from.trim();
    let converted = match unit {
        Unit::Percent => match from {
            "%" | "%RH" | "percent" => value,
            _ => return None,
        },
        Unit::PerMinute => match from {
            "/min" | "bpm" | "BPM" | "1/min" | "rpm" | "{beats}/min" => value,
            _ => return None,
        },
        Unit::MmHg => match from {
            "mm[Hg]" | "mmHg" => value,
            "kPa" => value * 7.500_617,
            _ => return None,
        },
        // The degree is also written as the ordinal º and as the ring ˚.
        Unit::Celsius => match from {
            "Cel" | "°C" | "ºC" | "˚C" | "C" | "℃" => value,
            "°F" | "ºF" | "˚F" | "F" | "[degF]" | "℉" => (value - 32.0) * 5.0 / 9.0,
            "K" => value - 273.15,
            _ => return None,
        },
        Unit::MmolPerLitre => match from {
            "mmol/L" | "mmol/l" => value,
            "mg/dL" | "mg/dl" => value / 18.016,
            _ => return None,
        },
        Unit::Kilogram => match from {
            "kg" => value,
            "g" => value / 1000.0,
            "lb" | "lbs" | "[lb_av]" => value * 0.453_592_37,
            "st" | "[stone_av]" => value * 14.0 * 0.453_592_37,
            "jin" => value / 2.0,
            _ => return None,
        },
        Unit::LitrePerMinute => match from {
            "L/min" | "l/min" => value,
            _ => return None,
        },
        Unit::Lux => match from {
            "lx" | "lux" => value,
            _ => return None,
        },
        Unit::Watt => match from {
            "W" => value,
            "mW" => value / 1000.0,
            "kW" => value * 1000.0,
            _ => return None,
        },
        Unit::KilowattHour => match from {
            "kWh" | "kW.h" => value,
            "Wh" | "W.h" => value / 1000.0,
            "MWh" => value * 1000.0,
            _ => return None,
        },
    };
    // A conversion must not print more digits than were measured.
    Some(if value.to_bits() == converted.to_bits() {
        value
    } else {
        (converted * 1e4).round() / 1e4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pounds_become_kilograms_and_fahrenheit_becomes_celsius() {
        assert_eq!(convert(131.7, "lb", Unit::Kilogram), Some(59.7381));
        assert_eq!(convert(98.6, "°F", Unit::Celsius), Some(37.0));
        assert_eq!(convert(21.5, "°C", Unit::Celsius), Some(21.5));
    }

    #[test]
    fn a_unit_of_another_quantity_converts_to_nothing() {
        assert_eq!(convert(1.0, "lx", Unit::Celsius), None);
        assert_eq!(convert(1.0, "", Unit::Percent), None);
    }
}
