//! What a vital sign can be: for each kind the widest that any maker's instrument for people shows. A number beyond is no
//! reading, whatever family it came by; it is kept, so that whoever mends the device sees what it said.

use crate::signal::{Measured, Missing};
use crate::vocabulary::{VitalKind, is_within};

impl VitalKind {
    /// The least and the most that an instrument can show, both included, in the kind's unit. Each end is the widest of
    /// those that makers give in their instructions for use.
    pub const fn range(self) -> (f64, f64) {
        match self {
            // Nonin Onyx II 9550 and 9560: 0 to 100 %.
            Self::Spo2 => (0.0, 100.0),
            // Electrocardiographs: Philips IntelliVue, 15 to 350 /min. Narrower: Nonin 9560 18 to 321, Contec CMS50D+ 30
            // to 250, Masimo Rad-8 25 to 240, A&D and Omron cuffs 40 to 200.
            Self::Pulse => (15.0, 350.0),
            // Omron BP7 series and A&D UA-767: a display of 0 to 299 mmHg, or 40.0 kPa; 0 is a cuff without pressure.
            Self::Systolic | Self::Diastolic | Self::MeanBp => (1.0, 300.1),
            // Low: Exergen TAT-5000, 15.5 °C (60 °F). High: Philips IntelliVue, 45 °C. Narrower: Braun PRO 6000 20 to
            // 42.2, Welch Allyn SureTemp 26.7 to 43.3, Omron and A&D 32 to 43.
            Self::TemperatureBody => (15.5, 45.0),
            // Philips IntelliVue, 0 to 170 /min. Narrower: Masimo RRa 4 to 70.
            Self::Respiration => (0.0, 170.0),
            // Low: HemoCue Glucose 201, whose display begins at 0 and counts tenths. High: EKF Biosen, 50 mmol/L.
            // Narrower: Accu-Chek and Contour 0.6 to 33.3.
            Self::Glucose => (0.1, 50.0),
            // Low: one division of home scales (A&D UC-321). High: Detecto's for wheelchairs, 1000 lb.
            Self::Weight => (0.05, 454.0),
            // nSpire PiKo-1, 15 to 999 L/min. Narrower: Microlife PF 200, 50 to 900.
            Self::PeakFlow => (15.0, 999.0),
            // Codes, not measurements.
            Self::Consciousness => (0.0, 4.0),
            Self::Oxygen => (0.0, 1.0),
        }
    }
}

impl Measured {
    /// The same, judged by what its kind can be.
    #[must_use]
    pub fn possible(self, kind: VitalKind) -> Self {
        match self {
            Self::Value { value, .. } if !value.is_finite() => Self::Missing(Missing::NotANumber),
            Self::Value { value, .. } if !is_within(value, kind.range()) => Self::Beyond(value),
            judged @ (Self::Value { .. } | Self::Beyond(_) | Self::Missing(_)) => judged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_instrument_shows_is_no_reading_and_the_number_is_kept() {
        for (kind, beyond, possible) in [
            (VitalKind::Systolic, 182_400.0, 299.0),
            (VitalKind::Diastolic, 0.0, 40.0),
            (VitalKind::TemperatureBody, 365.0, 36.5),
            (VitalKind::TemperatureBody, 3.65, 28.0),
            (VitalKind::Pulse, 65_535.0, 321.0),
            (VitalKind::Pulse, -5.0, 18.0),
            (VitalKind::Pulse, 0.0, 30.0),
            (VitalKind::Spo2, 100.1, 100.0),
            (VitalKind::Respiration, 255.0, 0.0),
            (VitalKind::Glucose, 99.0, 33.3),
            (VitalKind::Weight, 655.35, 327.67),
            (VitalKind::PeakFlow, 9_990.0, 999.0),
        ] {
            assert_eq!(
                Measured::of(beyond).possible(kind),
                Measured::Beyond(beyond),
                "{kind}"
            );
            assert_eq!(
                Measured::of(possible).possible(kind),
                Measured::of(possible),
                "{kind}"
            );
        }
    }

    #[test]
    fn what_stands_for_no_number_has_none_to_keep() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let questionable = true;
            let said = Measured::Value {
                value,
                questionable,
            };
            assert_eq!(
                said.possible(VitalKind::Pulse),
                Measured::Missing(Missing::NotANumber)
            );
        }
    }
}
