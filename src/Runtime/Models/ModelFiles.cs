using Ops.Runtime.Configuration;

namespace Ops.Runtime.Models;

/// <summary>Which of a version's files is the model.</summary>
internal static class ModelFiles
{
    /// <summary>The one .onnx file, or the one named model.onnx when there are several; null when that is not clear.</summary>
    public static ModelFileOptions? EntryPoint(ModelOptions model)
    {
        var candidates = model.Files.Where(f => f.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)).ToList();
        return candidates.Count == 1
            ? candidates[0]
            : candidates.SingleOrDefault(f => f.Path.Equals("model.onnx", StringComparison.Ordinal));
    }
}
