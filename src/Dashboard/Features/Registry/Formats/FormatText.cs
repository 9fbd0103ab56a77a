namespace Ops.Dashboard.Features.Registry.Formats;

/// <summary>What people read about formats.</summary>
internal static class FormatText
{
    private static readonly Dictionary<string, (ModelFormat Format, string Label)> Known = new (ModelFormat Format, string Label)[]
    {
        (ModelFormat.Onnx, "ONNX"),
        (ModelFormat.Gguf, "GGUF"),
        (ModelFormat.Safetensors, "Safetensors"),
        (ModelFormat.OpenVino, "OpenVINO"),
        (ModelFormat.Paddle, "PaddlePaddle"),
        (ModelFormat.MindSpore, "MindSpore"),
        (ModelFormat.TensorFlowSavedModel, "TensorFlow SavedModel"),
        (ModelFormat.PyTorch, "PyTorch"),
        (ModelFormat.Keras, "Keras HDF5"),
        (ModelFormat.Archive, "ZIP archive"),
        (ModelFormat.Other, "Other"),
    }.ToDictionary(f => f.Format.Name);

    /// <summary>Stored names and what they are called, for choices.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Choices { get; } = [.. Known.Select(f => KeyValuePair.Create(f.Key, f.Value.Label))];

    /// <summary>What a stored name is called.</summary>
    public static string Label(string format) => Known.TryGetValue(format, out var known) ? known.Label : format;

    /// <summary>Whether loading files of this format can run code; unknown formats are taken to.</summary>
    public static bool CanExecuteCode(string format) => !Known.TryGetValue(format, out var known) || known.Format.CanExecuteCode;

    /// <summary>One sentence on what the format means for whoever loads the files.</summary>
    public static string Note(string format) => format switch
    {
        "onnx" => "ONNX: a description of arithmetic. No code runs when it is loaded, and the upload's check read every file.",
        _ when CanExecuteCode(format) => $"{Label(format)}: files of this kind can run code when they are loaded. An administrator allowed the format.",
        _ => $"{Label(format)}: no code runs when it is loaded.",
    };
}
