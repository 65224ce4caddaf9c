"""Session of ONNX Runtime, for exported files and for teachers; imports it in the function only."""


def session(path, threads=None):
    """An onnxruntime.InferenceSession of a file, on the CPU, that logs errors only.

    Args:
        path: of the .onnx file.
        threads: number of threads; by default ONNX Runtime's choice.

    Raises:
        ModuleNotFoundError: ONNX Runtime is not installed.
        Exception: ONNX Runtime's own, of no common class, for a file that it cannot load.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads:
        options.intra_op_num_threads = options.inter_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
