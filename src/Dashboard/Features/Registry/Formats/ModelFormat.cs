namespace Ops.Dashboard.Features.Registry.Formats;

/// <summary>A file of a version, as far as recognising its format needs it.</summary>
/// <param name="Path">Its path in the version, with forward slashes.</param>
/// <param name="Opening">Its first bytes, up to <see cref="FileKind.OpeningBytes"/>.</param>
internal sealed record ModelFile(string Path, ReadOnlyMemory<byte> Opening);

/// <summary>A format that models come in.</summary>
/// <param name="Name">The name stored in the registry.</param>
/// <param name="CanExecuteCode">
/// True when loading such files can run code the author wrote. These are refused unless an administrator
/// allows the format: a clean scan is evidence, not permission.
/// </param>
internal sealed record ModelFormat(string Name, bool CanExecuteCode)
{
    /// <summary>What to tell people about the format; null when there is nothing to warn of.</summary>
    public string? Warning => CanExecuteCode ? "Files of this kind can execute code when they are loaded" : null;

    /// <summary>Open Neural Network Exchange.</summary>
    public static ModelFormat Onnx { get; } = new("onnx", false);

    /// <summary>TensorFlow SavedModel. Its graph has operators that write files and call back into Python.</summary>
    public static ModelFormat TensorFlowSavedModel { get; } = new("tensorflow-savedmodel", true);

    /// <summary>Anything pickled: PyTorch, TorchScript, TorchServe archives, scikit-learn.</summary>
    public static ModelFormat PyTorch { get; } = new("pytorch", true);

    /// <summary>A ZIP archive under no name that tells more. What is in it is not known, so the worst is assumed.</summary>
    public static ModelFormat Archive { get; } = new("archive", true);

    /// <summary>Keras in HDF5 or its own archive. A Lambda layer is Python bytecode.</summary>
    public static ModelFormat Keras { get; } = new("keras-h5", true);

    /// <summary>PaddlePaddle inference model.</summary>
    public static ModelFormat Paddle { get; } = new("paddle", false);

    /// <summary>MindSpore intermediate representation.</summary>
    public static ModelFormat MindSpore { get; } = new("mindspore", false);

    /// <summary>llama.cpp's single-file format.</summary>
    public static ModelFormat Gguf { get; } = new("gguf", false);

    /// <summary>Plain weights.</summary>
    public static ModelFormat Safetensors { get; } = new("safetensors", false);

    /// <summary>OpenVINO intermediate representation.</summary>
    public static ModelFormat OpenVino { get; } = new("openvino", false);

    /// <summary>Nothing the product knows.</summary>
    public static ModelFormat Other { get; } = new("other", false);
}

/// <summary>What the first bytes of a file say it is.</summary>
internal enum FileSignature
{
    /// <summary>Nothing recognised; ONNX, having no signature of its own, is among these.</summary>
    Unknown,

    /// <summary>Python pickle, protocol 2 to 5.</summary>
    Pickle,

    /// <summary>ZIP archive.</summary>
    Zip,

    /// <summary>HDF5.</summary>
    Hdf5,

    /// <summary>GGUF.</summary>
    Gguf,

    /// <summary>Safetensors.</summary>
    Safetensors,

    /// <summary>TensorFlow Lite flat buffer.</summary>
    TensorFlowLite,

    /// <summary>ONNX Runtime flat buffer.</summary>
    OrtFlatBuffer,

    /// <summary>Text that stands for a file kept by Git LFS.</summary>
    GitLfsPointer,

    /// <summary>Text that stands for a file kept by git-annex.</summary>
    GitAnnexPointer,

    /// <summary>gzip.</summary>
    Gzip,

    /// <summary>tar.</summary>
    Tar,

    /// <summary>HTML or XML.</summary>
    Markup,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>A program or library of Linux, Windows or macOS.</summary>
    Native,
}
