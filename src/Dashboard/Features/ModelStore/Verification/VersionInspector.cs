using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Registry.Formats;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Verification;

/// <summary>Finds out what a set of files is, and refuses what could run code or is no model.</summary>
internal sealed class VersionInspector(OnnxReader onnx, IOptions<ModelStoreOptions> options)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Reads the files; nothing of them is loaded or run.</summary>
    /// <param name="files">All files of the version.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The format and what its reader found as JSON, or why the files are refused.</returns>
    public async Task<Result<Inspected>> InspectAsync(IReadOnlyCollection<InspectedFile> files, CancellationToken cancellation)
    {
        var format = FileKind.Detect([.. files.Select(f => new ModelFile(f.Path, f.Opening))]);
        if (format.CanExecuteCode && !options.Value.AllowedFormats.Contains(format.Name))
        {
            return RunsCode(format, files);
        }

        if (format == ModelFormat.Other)
        {
            return Failure.Invalid("No model was recognised in these files. ONNX, GGUF, safetensors, OpenVINO, Paddle and MindSpore are.");
        }

        return format == ModelFormat.Onnx ? await ReadOnnxAsync(files, cancellation) : new Inspected(format.Name, null);
    }

    private static Failure RunsCode(ModelFormat format, IReadOnlyCollection<InspectedFile> files)
    {
        if (format.Name == ModelFormat.Other.Name)
        {
            return Failure.Invalid("One of these files is a program, a library or a script. A version holds models and their data only.");
        }

        var seen = files.Select(f => (f.Path, Looks: FileKind.Signature(f.Opening.Span) is FileSignature.Pickle or FileSignature.Hdf5 or FileSignature.Zip ? FileKind.Describe(f.Opening.Span) : null))
            .FirstOrDefault(f => f.Looks is not null);
        var what = seen.Looks is null ? $"These files are of the format {format.Name}." : $"{seen.Path} looks like {seen.Looks}.";
        return Failure.Invalid($"{what} Formats that can run code when they are loaded are refused: export the model to ONNX, or ask an administrator to allow {format.Name}.");
    }

    private async Task<Result<Inspected>> ReadOnnxAsync(IReadOnlyCollection<InspectedFile> files, CancellationToken cancellation)
    {
        var sizes = files.Select(f => KeyValuePair.Create(f.Path, f.SizeBytes)).ToList();
        OnnxModelInfo? described = null;

        // Every model is checked; the one nearest the root describes the version.
        foreach (var file in files.Where(f => f.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)).OrderBy(f => f.Path.Count(c => c == '/')).ThenBy(f => f.Path, StringComparer.Ordinal))
        {
            await using var stream = await file.OpenAsync(cancellation);
            var read = await onnx.ReadAsync(stream, OnnxReader.FilesBeside(file.Path, sizes), OnnxReadLimits.Default, cancellation);
            if (!read.Accepted)
            {
                return Failure.Invalid($"{file.Path}: {read.Refusal.Message}", read.Refusal.Code);
            }

            described ??= read.Info;
        }

        return new Inspected(ModelFormat.Onnx.Name, JsonSerializer.Serialize(described, Json));
    }
}

/// <summary>What a set of files is.</summary>
/// <param name="Format">Such as <c>onnx</c>.</param>
/// <param name="MetadataJson">What the format's reader found (for ONNX an <see cref="OnnxModelInfo"/>), or null.</param>
internal sealed record Inspected(string Format, string? MetadataJson);

/// <summary>A file to look at.</summary>
/// <param name="Path">Its path in the version.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Opening">Its first <see cref="FileKind.OpeningBytes"/> bytes, or fewer.</param>
/// <param name="OpenAsync">Opens it for reading from the start.</param>
internal sealed record InspectedFile(string Path, long SizeBytes, ReadOnlyMemory<byte> Opening, Func<CancellationToken, Task<Stream>> OpenAsync);
