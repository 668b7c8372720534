//! Rows of numbers in a checkpoint, some of which may be missing.

use karma_nn::{Checkpoint, CheckpointError, Tensor};

/// Puts rows of `width` finite values.
pub(crate) fn put(checkpoint: &mut Checkpoint, name: &str, width: usize, values: Vec<f32>) {
    let shape = vec![values.len().checked_div(width).unwrap_or(0), width];
    checkpoint.put_tensor(name, Tensor::F32 { shape, values });
}

/// Puts rows of values of which some are missing: a checkpoint holds no NaN, so 0 with a flag beside it stands for one.
pub(super) fn put_optional(checkpoint: &mut Checkpoint, name: &str, width: usize, mut values: Vec<f32>) {
    let missing = values.iter_mut().map(|value| {
        let missing = value.is_nan();
        if missing {
            *value = 0.0;
        }
        f32::from(u8::from(missing))
    });
    let missing = missing.collect();
    put(checkpoint, &format!("{name}.missing"), width, missing);
    put(checkpoint, name, width, values);
}

/// Takes (rows, width) values of which some are missing.
pub(super) fn take_optional(
    checkpoint: &Checkpoint,
    name: &str,
    (rows, width): (usize, usize),
) -> Result<Vec<f32>, CheckpointError> {
    let missing = checkpoint.f32_tensor(&format!("{name}.missing"), &[rows, width])?;
    let values = checkpoint.f32_tensor(name, &[rows, width])?;
    Ok(values.iter().zip(missing).map(|(value, flag)| if *flag == 0.0 { *value } else { f32::NAN }).collect())
}

/// A whole number of a checkpoint as a size; one that is too large fits no tensor and is refused with its shape.
pub(crate) fn size(counter: u64) -> usize {
    usize::try_from(counter).unwrap_or(usize::MAX)
}
