//! A twin as bytes: everything in one safetensors file, checked when it is read.

use karma_nn::{Checkpoint, CheckpointError, Tensor};
use thiserror::Error;

use super::Twin;
use super::learned::Learned;
use super::params::TwinParams;
use crate::table::{Schema, Table, Window};
use crate::{Calibration, Composed, Encoder, ExactTable, Novelty, Structure};

/// What the artefact is, and the version of its format.
pub const FORMAT: &str = "karma-twin 1";

/// Bytes that are no twin.
#[derive(Debug, Error)]
pub enum TwinError {
    /// Something else, another version, or damaged.
    #[error("it is no twin that this program can read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A part does not fit the others.
    #[error("the twin is damaged: {part}: {reason}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Twin {
    /// The twin as bytes. The same twin gives the same bytes.
    ///
    /// # Errors
    /// If a number of the model is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TwinError> {
        self.checkpoint().map(|checkpoint| checkpoint.to_bytes())?.map_err(TwinError::from)
    }

    /// The twin as a checkpoint, to which the notes of a program may be added.
    ///
    /// # Errors
    /// If a part cannot be written.
    pub fn checkpoint(&self) -> Result<Checkpoint, TwinError> {
        let mut checkpoint = Checkpoint::new(FORMAT);
        note(&mut checkpoint, "params", &self.params)?;
        note(&mut checkpoint, "schema", self.schema())?;
        note(&mut checkpoint, "structure", self.encoder.structure())?;
        note(&mut checkpoint, "origin", &self.origin)?;
        self.learned().save(&mut checkpoint, "learned");
        self.model.table().save(&mut checkpoint, "exact");
        self.calibration.save(&mut checkpoint, "calibration");
        self.novelty.save(&mut checkpoint, "novelty");
        save_record(&mut checkpoint, &self.record)?;
        Ok(checkpoint)
    }

    /// The twin in `bytes`.
    ///
    /// # Errors
    /// If they are something else, of another version, cut short or damaged. No bytes make it panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TwinError> {
        Self::from_checkpoint(&Checkpoint::from_bytes(bytes, FORMAT)?)
    }

    /// The twin in a checkpoint.
    ///
    /// # Errors
    /// If a part is missing or does not fit.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self, TwinError> {
        let params: TwinParams = noted(checkpoint, "params")?;
        params.check().map_err(|error| part("params", &error))?;
        let schema: Schema = noted(checkpoint, "schema")?;
        let structure: Structure = noted(checkpoint, "structure")?;
        let encoder = Encoder::new(schema, params.encoder.clone(), structure);
        let encoder = encoder.map_err(|error| part("encoder", &error))?;
        let columns = encoder.schema().predicted().len();
        let learned = Learned::load(checkpoint, "learned", &encoder)?;
        let exact = ExactTable::load(checkpoint, "exact", &encoder)?;
        Ok(Self {
            model: Composed::new(exact, learned, params.exact_count),
            calibration: Calibration::load(checkpoint, "calibration", columns)?,
            novelty: Novelty::load(checkpoint, "novelty", &encoder)?,
            record: load_record(checkpoint, encoder.schema())?,
            origin: noted(checkpoint, "origin")?,
            params,
            encoder,
        })
    }
}

fn part(part: &'static str, reason: &impl ToString) -> TwinError {
    TwinError::Part { part, reason: reason.to_string() }
}

fn note(
    checkpoint: &mut Checkpoint,
    name: &'static str,
    value: &impl serde::Serialize,
) -> Result<(), TwinError> {
    checkpoint.put_note(name, serde_json::to_value(value).map_err(|error| part(name, &error))?);
    Ok(())
}

fn noted<T: serde::de::DeserializeOwned>(
    checkpoint: &Checkpoint,
    name: &'static str,
) -> Result<T, TwinError> {
    let value = checkpoint.note(name).cloned().ok_or_else(|| part(name, &"it is missing"))?;
    serde_json::from_value(value).map_err(|error| part(name, &error))
}

/// Runs and lengths of the windows as a note; times and values as tensors, with a flag for each value that is there.
fn save_record(checkpoint: &mut Checkpoint, record: &Table) -> Result<(), TwinError> {
    let windows: Vec<(&str, usize)> =
        record.windows().iter().map(|window| (window.run(), window.len())).collect();
    note(checkpoint, "record", &windows)?;
    let rows = record.rows();
    let times: Vec<f64> = record.windows().iter().flat_map(Window::times).copied().collect();
    let values = || record.windows().iter().flat_map(|window| window.rows().flatten().copied());
    let shape = vec![rows, record.schema().width()];
    let there = values().map(|value| if value.is_nan() { 0.0 } else { value }).collect();
    let known = values().map(|value| f32::from(u8::from(!value.is_nan()))).collect();
    checkpoint.put_tensor("record.times", Tensor::F64 { shape: vec![rows], values: times });
    checkpoint.put_tensor("record.values", Tensor::F32 { shape: shape.clone(), values: there });
    checkpoint.put_tensor("record.known", Tensor::F32 { shape, values: known });
    Ok(())
}

fn load_record(checkpoint: &Checkpoint, schema: &Schema) -> Result<Table, TwinError> {
    let windows: Vec<(String, usize)> = noted(checkpoint, "record")?;
    let rows = windows.iter().try_fold(0_usize, |sum, (_, length)| sum.checked_add(*length));
    let (rows, width) = (rows.ok_or_else(|| part("record", &"it is too long"))?, schema.width());
    let times = checkpoint.f64_tensor("record.times", &[rows])?;
    let values = checkpoint.f32_tensor("record.values", &[rows, width])?;
    let known = checkpoint.f32_tensor("record.known", &[rows, width])?;
    let values: Vec<f32> =
        values.iter().zip(known).map(|(value, known)| if *known > 0.0 { *value } else { f32::NAN }).collect();
    let mut at = 0;
    let windows = windows.into_iter().map(|(run, length)| {
        let mut window = Window::new(run, width);
        for row in at..at + length {
            window.push(times[row], &values[row * width..(row + 1) * width]);
        }
        at += length;
        window
    });
    Ok(Table::new(schema.clone(), windows))
}
