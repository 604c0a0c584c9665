"""Write a codec as a folder that runs without vocable: for onnxruntime, or for torch alone.

    graphs       encoder and decoder as modules of tensors in, tensors out; whole, and in steps
    recording    torch.export over any batch and length
    onnx_files   such a program as an ONNX file        torch_files   as a .pt2 file
    description  codec.json: what the files take and give
    readme       README.md: ten lines that run
    checking     the folder's own results beside the codec's, before it gets its name
    folder       all of it, atomically

What runs is the codec's own modules and weights. Where a graph needs another form of a layer (any
number of rows, no branches), that form stands in the layer's own file, behind `exporting()`.
"""

from vocable.export.folder import FORMATS, Exported, export

__all__ = ["FORMATS", "Exported", "export"]
