using System.Globalization;

namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// The external data of one model: which bytes of which files its tensors use. Every location must be a file
/// of the same upload, beside the model or below it, and no byte may belong to two tensors: a model that uses
/// one gigabyte a thousand times would be small to upload and impossible to load.
/// </summary>
internal sealed class OnnxExternalData(IReadOnlyDictionary<string, long> files, OnnxTally tally)
{
    // ONNX Runtime takes a location of this form as an address in its own memory (tensorprotoutils.h).
    private const string MemoryMarker = "*/_ORT_";

    private readonly HashSet<string> used = new(StringComparer.Ordinal);
    private readonly List<(string File, long Start, long End, string Tensor)> ranges = [];

    /// <summary>The files used so far, in order.</summary>
    public IReadOnlyList<string> Files => [.. used.Order(StringComparer.Ordinal)];

    /// <summary>Checks what one tensor says about its external data and notes the bytes it uses.</summary>
    /// <param name="tensor">The tensor's name, for messages.</param>
    /// <param name="entries">The tensor's <c>external_data</c>.</param>
    /// <param name="needed">Bytes the tensor's shape and type need; null when its elements have no fixed size.</param>
    public void Use(string tensor, IReadOnlyList<KeyValuePair<string, string>> entries, long? needed)
    {
        string? location = null, offsetText = null, lengthText = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            if (!seen.Add(key))
            {
                throw OnnxRefusedException.Malformed($"tensor {Quote(tensor)} gives the {Quote(key)} of its external data twice");
            }

            switch (key)
            {
                case "location": location = value; break;
                case "offset": offsetText = value; break;
                case "length": lengthText = value; break;
                case "checksum": break;
                default:
                    throw OnnxRefusedException.Malformed($"tensor {Quote(tensor)} describes its external data with {Quote(key)}, which ONNX does not define");
            }
        }

        var size = SizeOf(tensor, location);
        if (needed is null)
        {
            throw OnnxRefusedException.Malformed($"tensor {Quote(tensor)} keeps strings in an external file, which ONNX does not allow");
        }

        var offset = Number(tensor, "offset", offsetText) ?? 0;
        var length = Number(tensor, "length", lengthText) ?? needed.Value;
        if (length != needed)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.TensorSize, $"Tensor {Quote(tensor)} needs {needed} bytes but says that {length} of {Quote(location!)} are its own. Export the model again.");
        }

        if (offset > size || length > size - offset)
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.ExternalRange, $"Tensor {Quote(tensor)} uses {length} bytes from byte {offset} of {Quote(location!)}, which has only {size}. Upload the weights file that belongs to this model.");
        }

        // A tensor without elements still names its file, so it is kept for the list of files.
        var file = Normalize(location!);
        if (used.TryGetValue(file, out var known))
        {
            file = known;
        }
        else
        {
            tally.Keep(file);
            used.Add(file);
        }

        tally.Keep(tensor);
        ranges.Add((file, offset, offset + length, tensor));
    }

    /// <summary>Refuses bytes that belong to two tensors. To be called once all tensors are known.</summary>
    public void RefuseOverlaps()
    {
        ranges.Sort((a, b) => string.CompareOrdinal(a.File, b.File) is var byFile and not 0 ? byFile : a.Start.CompareTo(b.Start));
        (string File, long Start, long End, string Tensor)? last = null;
        foreach (var range in ranges.Where(r => r.End > r.Start))
        {
            if (last is { } previous && previous.File == range.File && previous.End > range.Start)
            {
                throw new OnnxRefusedException(OnnxRefusalCodes.ExternalOverlap, $"Tensors {Quote(previous.Tensor)} and {Quote(range.Tensor)} use the same bytes of {Quote(range.File)}. Export the model again so that each tensor has its own.");
            }

            last = range;
        }
    }

    private long SizeOf(string tensor, string? location)
    {
        if (string.IsNullOrEmpty(location))
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.ExternalLocation, $"Tensor {Quote(tensor)} keeps its data in an external file but does not say in which. Export the model again.");
        }

        if (location.StartsWith(MemoryMarker, StringComparison.Ordinal) || location.Contains("_MEM_ADDR_", StringComparison.Ordinal))
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.MemoryAddress, $"Tensor {Quote(tensor)} points into the memory of the program that loads it, which a file must never do. Export the model again with a tool you trust.");
        }

        if (!IsBesideTheModel(location))
        {
            throw new OnnxRefusedException(OnnxRefusalCodes.ExternalLocation, $"Tensor {Quote(tensor)} keeps its data in {Quote(location)}. Only a plain relative path to a file beside the model is allowed. Export the model with its weights in the same folder.");
        }

        return files.TryGetValue(Normalize(location), out var size)
            ? size
            : throw new OnnxRefusedException(OnnxRefusalCodes.ExternalMissing, $"The model keeps weights in {Quote(location)}, which was not uploaded with it. Upload the model and that file together.");
    }

    // A leading "./" means the same file and some exporters write it; anything else that could mean two things is refused.
    private static string Normalize(string location) => location.StartsWith("./", StringComparison.Ordinal) ? location[2..] : location;

    private static bool IsBesideTheModel(string location) =>
        !location.Any(c => char.IsControl(c) || c is '\\' or ':' or '%' or '*' or '?' or '"' or '<' or '>' or '|')
        && Normalize(location).Split('/').All(segment => segment.Length > 0 && !segment.EndsWith('.') && !segment.EndsWith(' ') && !segment.StartsWith(' '));

    private static long? Number(string tensor, string key, string? text)
    {
        if (text is null)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new OnnxRefusedException(OnnxRefusalCodes.ExternalRange, $"Tensor {Quote(tensor)} gives {Quote(text)} as the {key} of its external data; it must be a number of bytes, zero or more. Export the model again.");
    }

    private static string Quote(string text) => OnnxRefusedException.Quote(text);
}
