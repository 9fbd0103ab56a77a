namespace Ops.Runtime.Models;

/// <summary>Reads from an ONNX file, before the engine opens it, which extents of its inputs are open.</summary>
internal static class OnnxInputs
{
    private const int MaxNameLength = 4096;

    /// <summary>From the model down to one extent: fields of onnx.proto. Input values have a type, which holds a tensor type,
    /// which holds a shape, which holds extents.</summary>
    private static readonly int[] ToExtent = [7, 11, 2, 1, 2, 1];

    /// <summary>Reads the open extents.</summary>
    /// <param name="path">A file whose structure <see cref="OnnxReferences"/> has checked.</param>
    /// <returns>Their names; an empty one for those without. Nothing when all extents are fixed.</returns>
    /// <exception cref="ModelLoadException">The file is damaged.</exception>
    public static IReadOnlySet<string> OpenExtents(string path)
    {
        using var file = new OnnxFileReader(path);
        var open = new HashSet<string>(StringComparer.Ordinal);
        Walk(file, file.Length, 0, open);
        return open;
    }

    private static void Walk(OnnxFileReader file, long end, int depth, HashSet<string> open)
    {
        var hasShape = false;
        while (file.Position < end)
        {
            var (field, wireType) = file.ReadTag();
            if (wireType != OnnxFileReader.LengthDelimited)
            {
                file.SkipValue(wireType, end);
                continue;
            }

            var fieldEnd = file.ReadEnd(end);
            if (field == ToExtent[depth])
            {
                hasShape = true;
                if (depth + 1 == ToExtent.Length)
                {
                    ReadExtent(file, fieldEnd, open);
                }
                else
                {
                    Walk(file, fieldEnd, depth + 1, open);
                }
            }

            file.Position = fieldEnd;
        }

        // A tensor type without a shape leaves even the number of extents open.
        if (depth == 4 && !hasShape)
        {
            open.Add(string.Empty);
        }
    }

    private static void ReadExtent(OnnxFileReader file, long end, HashSet<string> open)
    {
        var name = string.Empty;
        var isFixed = false;
        while (file.Position < end)
        {
            var (field, wireType) = file.ReadTag();
            if (wireType != OnnxFileReader.LengthDelimited)
            {
                isFixed |= field == 1;
                file.SkipValue(wireType, end);
                continue;
            }

            var fieldEnd = file.ReadEnd(end);
            if (field == 2 && fieldEnd - file.Position <= MaxNameLength)
            {
                name = file.ReadText(fieldEnd);
            }

            file.Position = fieldEnd;
        }

        if (!isFixed)
        {
            open.Add(name);
        }
    }
}
