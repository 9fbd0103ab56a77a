using System.Globalization;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Models;

/// <summary>
/// Checks what an ONNX file refers to before the engine opens it: every tensor stored outside must lie in a file of the
/// version, since only those were verified, and within that file. Also refuses nodes that carry a compiled context of
/// their own. It walks the protobuf structure of onnx.proto and reads nothing else.
/// </summary>
internal sealed class OnnxReferences
{
    private const int MaxDepth = 100;
    private const int MaxTextLength = 4096;

    private readonly OnnxFileReader file;
    private readonly string folder;
    private readonly Dictionary<string, long> sizes;
    private bool hasExternalData;

    private OnnxReferences(OnnxFileReader file, string entryPath, IEnumerable<ModelFileOptions> files)
    {
        this.file = file;
        folder = entryPath[..(entryPath.LastIndexOf('/') + 1)];
        sizes = files.ToDictionary(f => f.Path, f => f.Size, StringComparer.Ordinal);
    }

    /// <summary>The messages of onnx.proto that can hold tensors or nodes.</summary>
    private enum Message
    {
        Model,
        Training,
        Graph,
        Function,
        Node,
        Attribute,
        SparseTensor,
        Tensor,
        ExternalEntry,
    }

    /// <summary>Checks a file.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="entryPath">Its relative path in the version.</param>
    /// <param name="files">The files of the version.</param>
    /// <returns>Whether it stores tensors in other files.</returns>
    /// <exception cref="ModelLoadException">It refers to something else, or is damaged.</exception>
    public static bool Check(string path, string entryPath, IEnumerable<ModelFileOptions> files)
    {
        using var reader = new OnnxFileReader(path);
        var check = new OnnxReferences(reader, entryPath, files);
        check.Walk(Message.Model, reader.Length, 0, null);
        return check.hasExternalData;
    }

    private static Message? Child(Message parent, int field) => (parent, field) switch
    {
        (Message.Model, 7) => Message.Graph,
        (Message.Model, 20) => Message.Training,
        (Message.Model, 25) => Message.Function,
        (Message.Training, 1 or 2) => Message.Graph,
        (Message.Graph, 1) => Message.Node,
        (Message.Graph, 5) => Message.Tensor,
        (Message.Graph, 15) => Message.SparseTensor,
        (Message.Function, 7) => Message.Node,
        (Message.Function, 11) => Message.Attribute,
        (Message.Node, 5) => Message.Attribute,
        (Message.Attribute, 5 or 10) => Message.Tensor,
        (Message.Attribute, 6 or 11) => Message.Graph,
        (Message.Attribute, 22 or 23) => Message.SparseTensor,
        (Message.SparseTensor, 1 or 2) => Message.Tensor,
        (Message.Tensor, 13) => Message.ExternalEntry,
        _ => null,
    };

    private void Walk(Message message, long end, int depth, Dictionary<string, string>? entries)
    {
        if (depth > MaxDepth)
        {
            throw new ModelLoadException("The model is nested too deeply.");
        }

        var external = message == Message.Tensor ? new Dictionary<string, string>(StringComparer.Ordinal) : null;
        var (key, value) = (string.Empty, string.Empty);
        while (file.Position < end)
        {
            var (field, wireType) = file.ReadTag();
            if (wireType != OnnxFileReader.LengthDelimited)
            {
                file.SkipValue(wireType, end);
                continue;
            }

            var fieldEnd = file.ReadEnd(end);
            if (Child(message, field) is { } child)
            {
                Walk(child, fieldEnd, depth + 1, external);
            }
            else if (message == Message.Node && field == 4 && fieldEnd - file.Position <= MaxTextLength)
            {
                RefuseContext(file.ReadText(fieldEnd));
            }
            else if (message == Message.ExternalEntry && field is 1 or 2)
            {
                var text = fieldEnd - file.Position <= MaxTextLength ? file.ReadText(fieldEnd) : throw Outside();
                (key, value) = field == 1 ? (text, value) : (key, text);
            }

            file.Position = fieldEnd;
        }

        if (message == Message.ExternalEntry)
        {
            entries![key] = value;
        }
        else if (external is { Count: > 0 })
        {
            CheckExternal(external);
        }
    }

    private void CheckExternal(Dictionary<string, string> entries)
    {
        hasExternalData = true;
        var location = entries.GetValueOrDefault("location", string.Empty);
        if (location.StartsWith("./", StringComparison.Ordinal))
        {
            location = location[2..];
        }

        if (ModelFilePath.Refuse(location) is not null || !sizes.TryGetValue(folder + location, out var size))
        {
            throw Outside();
        }

        var offset = Number(entries, "offset");
        var length = Number(entries, "length");
        if (offset > size || length > size - offset)
        {
            throw new ModelLoadException("The model stores tensors beyond the end of one of its files.");
        }
    }

    private static long Number(Dictionary<string, string> entries, string key) =>
        !entries.TryGetValue(key, out var text) ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new ModelLoadException($"The model gives an {key} of stored tensors that is not a number.");

    private static void RefuseContext(string operation)
    {
        if (operation == "EPContext")
        {
            throw new ModelLoadException("The model holds a compiled context of an accelerator (EPContext), which is not loaded.");
        }
    }

    private static ModelLoadException Outside() => new("The model refers to a file that is not part of the version.");
}
