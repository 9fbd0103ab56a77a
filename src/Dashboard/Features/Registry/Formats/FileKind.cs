using System.Buffers.Binary;

namespace Ops.Dashboard.Features.Registry.Formats;

/// <summary>
/// Recognises what kind of model a set of files is: by their first bytes, and by names only where bytes say
/// nothing. Names lie; a pickle called <c>model.onnx</c> is still a pickle.
/// </summary>
internal static class FileKind
{
    /// <summary>How many bytes of each file's beginning are enough to recognise it.</summary>
    public const int OpeningBytes = 512;

    /// <summary>What the beginning of a file looks like when it certainly is not ONNX, in words that follow "it looks like".</summary>
    /// <returns>Null when the bytes may be ONNX.</returns>
    public static string? Describe(ReadOnlySpan<byte> opening) => Signature(opening) switch
    {
        FileSignature.Pickle => "a Python pickle, which can run code when it is loaded",
        FileSignature.Zip => "a ZIP archive (PyTorch and Keras save their models like this)",
        FileSignature.Hdf5 => "an HDF5 file (older Keras models)",
        FileSignature.Gguf => "a GGUF file (llama.cpp)",
        FileSignature.Safetensors => "a safetensors file: weights without a model",
        FileSignature.TensorFlowLite => "a TensorFlow Lite model",
        FileSignature.OrtFlatBuffer => "an ONNX Runtime (.ort) file; upload the ONNX file it was made from",
        FileSignature.GitLfsPointer => "a Git LFS pointer: fetch the real file with 'git lfs pull' first",
        FileSignature.GitAnnexPointer => "a git-annex pointer: fetch the real file with 'git annex get' first",
        FileSignature.Gzip => "a gzip archive; unpack it first",
        FileSignature.Tar => "a tar archive; unpack it first",
        FileSignature.Markup => "a web page or XML file; was the download complete?",
        FileSignature.Json => "a JSON file",
        FileSignature.Native => "a native program or library",
        _ => null,
    };

    /// <summary>Recognises the kind of one file by its first bytes.</summary>
    public static FileSignature Signature(ReadOnlySpan<byte> opening)
    {
        if (opening.Length >= 2 && opening[0] == 0x80 && opening[1] is >= 2 and <= 5)
        {
            return FileSignature.Pickle;
        }

        foreach (var (magic, signature) in Magics)
        {
            if (opening.StartsWith(magic))
            {
                return signature;
            }
        }

        return opening switch
        {
            _ when At(opening, 4, "TFL3"u8) => FileSignature.TensorFlowLite,
            _ when At(opening, 4, "ORTM"u8) => FileSignature.OrtFlatBuffer,
            _ when At(opening, 257, "ustar"u8) => FileSignature.Tar,
            _ when IsSafetensors(opening) => FileSignature.Safetensors,
            _ when opening.TrimStart(" \t\r\n"u8) is [(byte)'<', ..] => FileSignature.Markup,
            _ when opening.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] => FileSignature.Json,
            _ => FileSignature.Unknown,
        };
    }

    /// <summary>Recognises a version by its files.</summary>
    /// <param name="files">Path (with forward slashes) and first <see cref="OpeningBytes"/> bytes of each file.</param>
    public static ModelFormat Detect(IReadOnlyCollection<ModelFile> files)
    {
        var signed = files.Select(file => new SignedFile(file.Path, Signature(file.Opening.Span))).ToList();

        // Formats that run code come first: one such file makes the whole version one that can run code.
        if (signed.Any(file => file.Is(FileSignature.Pickle) || file.Ends(".pt", ".pth", ".pkl", ".pickle", ".joblib", ".ckpt", ".mar")))
        {
            return ModelFormat.PyTorch;
        }

        if (signed.Any(file => file.Is(FileSignature.Hdf5) || file.Ends(".h5", ".hdf5", ".keras")))
        {
            return ModelFormat.Keras;
        }

        if (signed.Any(file => file.Is(FileSignature.Zip)))
        {
            return ModelFormat.Archive;
        }

        if (signed.Any(file => file.Named("saved_model.pb")))
        {
            return ModelFormat.TensorFlowSavedModel;
        }

        if (signed.Any(file => file.Is(FileSignature.Native) || file.Ends(".so", ".dll", ".dylib", ".py", ".exe")))
        {
            return ModelFormat.Other with { CanExecuteCode = true };
        }

        return Passive(signed);
    }

    private static ModelFormat Passive(List<SignedFile> files) => files switch
    {
        _ when files.Any(f => f.Is(FileSignature.Gguf)) => ModelFormat.Gguf,
        _ when files.Any(f => f.Ends(".onnx")) => ModelFormat.Onnx,
        _ when files.Any(f => f.Ends(".mindir")) => ModelFormat.MindSpore,
        _ when files.Any(f => f.Ends(".pdmodel", ".pdiparams")) => ModelFormat.Paddle,
        _ when files.Any(f => f.Ends(".xml") && files.Any(g => g.Path == f.Path[..^4] + ".bin")) => ModelFormat.OpenVino,
        _ when files.Any(f => f.Is(FileSignature.Safetensors)) => ModelFormat.Safetensors,
        _ => ModelFormat.Other,
    };

    private static readonly (byte[] Magic, FileSignature Signature)[] Magics =
    [
        ("PK\u0003\u0004"u8.ToArray(), FileSignature.Zip),
        ("PK\u0005\u0006"u8.ToArray(), FileSignature.Zip),
        ([0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A], FileSignature.Hdf5),
        ("GGUF"u8.ToArray(), FileSignature.Gguf),
        ([0x1F, 0x8B], FileSignature.Gzip),
        ("version https://git-lfs"u8.ToArray(), FileSignature.GitLfsPointer),
        ("/annex/objects/"u8.ToArray(), FileSignature.GitAnnexPointer),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], FileSignature.Native),
        ([(byte)'M', (byte)'Z', 0x90, 0x00], FileSignature.Native),
        ([0xCF, 0xFA, 0xED, 0xFE], FileSignature.Native),
    ];

    private static bool At(ReadOnlySpan<byte> opening, int offset, ReadOnlySpan<byte> magic) =>
        opening.Length >= offset + magic.Length && opening[offset..].StartsWith(magic);

    // Eight bytes of header length, then the JSON header.
    private static bool IsSafetensors(ReadOnlySpan<byte> opening) =>
        opening.Length > 9 && opening[8] == '{' && opening[9] is (byte)'"' or (byte)'}' or (byte)' '
        && BinaryPrimitives.ReadUInt64LittleEndian(opening) is > 1 and < 100_000_000;

    private readonly record struct SignedFile(string Path, FileSignature Signature)
    {
        public bool Is(FileSignature signature) => Signature == signature;

        public bool Ends(params ReadOnlySpan<string> endings)
        {
            foreach (var ending in endings)
            {
                if (Path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }

        public bool Named(string name) => Path.Split('/')[^1].Equals(name, StringComparison.OrdinalIgnoreCase);
    }
}
