"""Exports all-MiniLM-L6-v2 for the engines that need a form of their own: export_minilm.py MODEL_FOLDER OUT"""
import pathlib
import sys

import ctranslate2
import openvino
import torch
from onnxruntime.transformers import optimizer
from transformers import AutoModel


class Sentence(torch.nn.Module):
    """The encoder, the mean over a text's tokens, unit length."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids, attention_mask):
        types = torch.zeros_like(input_ids)
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


source, out = sys.argv[1], pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
model = Sentence(AutoModel.from_pretrained(source, attn_implementation="eager")).eval()
ids = torch.randint(1000, 2000, (2, 9))
shape = {0: "texts", 1: "tokens"}
torch.onnx.export(
    model, (ids, torch.ones_like(ids)), str(out / "plain.onnx"), input_names=["input_ids", "attention_mask"],
    output_names=["vectors"], dynamic_axes={"input_ids": shape, "attention_mask": shape, "vectors": {0: "texts"}},
    opset_version=17, dynamo=False)
optimizer.optimize_model(
    str(out / "plain.onnx"), model_type="bert", num_heads=12, hidden_size=384, opt_level=1
).save_model_to_file(str(out / "fused.onnx"))
openvino.save_model(
    openvino.convert_model(str(out / "plain.onnx")), str(out / "openvino.xml"), compress_to_fp16=False)
ctranslate2.converters.TransformersConverter(source).convert(
    str(out / "ctranslate2"), quantization="float32", force=True)
