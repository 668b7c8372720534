//! A normalisation's gain and bias, moved into the weights of the layer that follows.
//!
//! With n the normalised inputs, g and β gain and bias, (n ∘ g + β) · W + b = n · W′ + b′, where
//! W′ = diag(g) · W and b′ = b + β · W. So no row is ever scaled and shifted: the products run with W′ and b′, which are
//! computed once after each change of the parameters, inputs × outputs operations whatever the batch.
//!
//! Backwards it is the same: the products give ∂W′ and ∂b′, and by the chain rule, once for the whole batch,
//!
//! * ∂W = diag(g) · ∂W′ + β ⊗ ∂b′, ∂b = ∂b′,
//! * ∂gₖ = Σⱼ Wₖⱼ · ∂W′ₖⱼ, ∂βₖ = Σⱼ Wₖⱼ · ∂b′ⱼ.

use super::Mlp;
use super::layout::LayerLayout;

impl Mlp {
    /// Computes W′ and b′ of every layer that normalises its inputs, and copies the parameters of the others.
    /// A state is not normalised: its products run with the parameters themselves.
    pub(super) fn fold(&mut self) {
        if self.folded.is_empty() {
            return;
        }
        let (parameters, folded) = (&self.parameters, &mut self.folded);
        for layer in &self.layout.layers {
            let Some(norm) = &layer.norm else {
                folded[layer.weight.clone()].copy_from_slice(&parameters[layer.weight.clone()]);
                folded[layer.bias.clone()].copy_from_slice(&parameters[layer.bias.clone()]);
                continue;
            };
            let columns = layer.columns();
            let (weights, biases) =
                folded[layer.weight.start..layer.bias.end].split_at_mut(layer.weight.len());
            biases.copy_from_slice(&parameters[layer.bias.clone()]);
            let rows = parameters[layer.weight.clone()].chunks_exact(columns);
            let scales = parameters[norm.gain.clone()].iter().zip(&parameters[norm.bias.clone()]);
            for ((to, from), (gain, shift)) in weights.chunks_exact_mut(columns).zip(rows).zip(scales) {
                for ((to, bias), w) in to.iter_mut().zip(&mut *biases).zip(from) {
                    *to = gain * w;
                    *bias += shift * w;
                }
            }
        }
    }

    /// Turns the gradient with respect to W′ and b′ into that with respect to the parameters, in place.
    pub(crate) fn unfold(&self, gradient: &mut [f32]) {
        for layer in &self.layout.layers {
            self.unfold_layer(layer, gradient);
        }
    }

    fn unfold_layer(&self, layer: &LayerLayout, gradient: &mut [f32]) {
        let Some(norm) = &layer.norm else { return };
        let (linear, norms) =
            gradient[layer.weight.start..norm.bias.end].split_at_mut(layer.bias.end - layer.weight.start);
        let (weights, biases) = linear.split_at_mut(layer.weight.len());
        let (gains, shifts) = norms.split_at_mut(norm.gain.len());
        let columns = layer.columns();
        let rows = self.parameters[layer.weight.clone()].chunks_exact(columns);
        let scales = self.parameters[norm.gain.clone()].iter().zip(&self.parameters[norm.bias.clone()]);
        let slopes = gains.iter_mut().zip(shifts);
        let each = weights.chunks_exact_mut(columns).zip(rows).zip(scales).zip(slopes);
        for (((slope, w), (gain, shift)), (gain_slope, shift_slope)) in each {
            for ((slope, w), bias) in slope.iter_mut().zip(w).zip(&*biases) {
                *gain_slope += w * *slope;
                *shift_slope += w * bias;
                *slope = gain * *slope + shift * bias;
            }
        }
    }
}
