using System.Diagnostics.CodeAnalysis;
using Ops.Dashboard.Features.Registry.Formats;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// Reads what an ONNX file says about itself and refuses what must not reach a runtime, without native code
/// and without loading weights: memory stays flat whatever the size of the file.
/// </summary>
internal sealed class OnnxReader
{
    /// <summary>Reads one model file from the stream's position to its end.</summary>
    /// <param name="model">The bytes. Weights are skipped by seeking where the stream can seek.</param>
    /// <param name="otherFiles">
    /// The other files of the same version with their sizes in bytes, by path relative to the folder the model
    /// lies in, with forward slashes (see <see cref="FilesBeside"/>). External data may use these and nothing else.
    /// </param>
    /// <param name="limits">How much to look at before giving up.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The model's description or a refusal. Nothing in the file makes this throw.</returns>
    /// <exception cref="IOException">The stream could not be read; this says nothing about the model.</exception>
    [SuppressMessage("Performance", "CA1822", Justification = "Callers take the reader by injection like every other service.")]
    public async Task<OnnxReadResult> ReadAsync(
        Stream model,
        IReadOnlyDictionary<string, long> otherFiles,
        OnnxReadLimits limits,
        CancellationToken cancellation)
    {
        try
        {
            using var proto = new ProtoReader(model, limits, cancellation);
            var opening = await proto.PeekAsync(FileKind.OpeningBytes);
            if (opening.Length == 0)
            {
                return OnnxReadResult.Refuse(new(OnnxRefusalCodes.Empty, "The file is empty. Upload it again; if it stays like this, export the model again."));
            }

            if (FileKind.Describe(opening.Span) is { } other)
            {
                return OnnxReadResult.Refuse(new(OnnxRefusalCodes.NotOnnx, $"This is not an ONNX model; it looks like {other}. Upload the ONNX file, or give this one the name of what it is."));
            }

            return OnnxReadResult.Accept(await new OnnxModelParser(proto, limits, otherFiles).ModelAsync());
        }
        catch (OnnxRefusedException refused)
        {
            return OnnxReadResult.Refuse(refused.Refusal);
        }
    }

    /// <summary>The files that external data of a model may use: those in its folder and below.</summary>
    /// <param name="modelPath">The model's path in the version, with forward slashes.</param>
    /// <param name="versionFiles">All files of the version, path to size.</param>
    /// <returns>The other files by path relative to the model's folder.</returns>
    public static IReadOnlyDictionary<string, long> FilesBeside(string modelPath, IEnumerable<KeyValuePair<string, long>> versionFiles)
    {
        var folder = modelPath[..(modelPath.LastIndexOf('/') + 1)];
        return versionFiles
            .Where(file => file.Key != modelPath && file.Key.StartsWith(folder, StringComparison.Ordinal))
            .ToDictionary(file => file.Key[folder.Length..], file => file.Value, StringComparer.Ordinal);
    }
}
