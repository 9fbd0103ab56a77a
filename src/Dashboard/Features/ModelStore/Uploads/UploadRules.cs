using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Uploads;

/// <summary>What an upload may be: names, counts, sizes, texts, room.</summary>
internal sealed class UploadRules(IOptions<ModelStoreOptions> options)
{
    private const int MaxNotes = 4000;
    private const int MaxLineage = 500;

    // The pages /models/upload and /models/import would hide a model of this name.
    private static readonly string[] PageNames = ["upload", "import"];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The same answer whether it never existed or belongs to somebody else.</summary>
    public static Failure NoSuchUpload { get; } = Failure.NotFound("There is no such upload.");

    /// <summary>Checks everything that can be checked without the registry.</summary>
    public Result Check(BeginUpload request, IModelStore store)
    {
        var limits = options.Value;
        var name = Names.Check(request.Model, "model");
        if (!name.Succeeded)
        {
            return name;
        }

        if (PageNames.Contains(request.Model))
        {
            return Failure.Invalid("This name is kept for a page of the product. Choose another one.", "model");
        }

        if (request.Files is not { Count: > 0 } files)
        {
            return Failure.Invalid("Choose at least one file.", "files");
        }

        if (files.Count > limits.MaxFiles)
        {
            return Failure.Invalid($"An upload has at most {limits.MaxFiles} files; these are {files.Count}.", "files");
        }

        var paths = UploadPaths.CheckAll([.. files.Select(f => f?.Path ?? "")]);
        return !paths.Succeeded ? paths : CheckSizes(files, limits, store) is { Succeeded: false } sizes ? sizes : CheckTexts(request);
    }

    /// <summary>Checks that the person has not too many uploads open, and that the store has room for what was announced and this.</summary>
    public async Task<Result> CheckRoomAsync(CommandScope scope, Guid personId, string store, long bytes, long? free, CancellationToken cancellation)
    {
        var unfinished = scope.Db.Uploads.Where(u => u.State == UploadState.Open || u.State == UploadState.Verifying);
        if (await unfinished.CountAsync(u => u.PersonId == personId, cancellation) >= options.Value.MaxOpenUploads)
        {
            return Failure.Conflict($"You have {options.Value.MaxOpenUploads} unfinished uploads. Finish or cancel some first.");
        }

        if (free is not { } available)
        {
            return Result.Done;
        }

        var files = scope.Db.UploadFiles.Where(f => unfinished.Any(u => u.Id == f.UploadId && u.Store == store));
        var announced = await files.SumAsync(f => f.SizeBytes, cancellation);
        var arrived = await files.Join(scope.Db.UploadParts, f => f.Id, p => p.FileId, (f, p) => (long)p.SizeBytes).SumAsync(cancellation);
        return bytes + announced - arrived + options.Value.ReserveBytes <= available
            ? Result.Done
            : Failure.Unavailable("The model store has not enough room for these files. Ask an administrator to free or add some.");
    }

    /// <summary>Whether this is a SHA-256 as it travels: 64 lower-case hex digits.</summary>
    public static bool IsSha256([NotNullWhen(true)] string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Takes over the browser's hash of every file; each must be there exactly once.</summary>
    public static Result CheckHashes(Upload upload, CompleteUpload request)
    {
        var hashes = request.Files ?? [];
        if (hashes.Count != upload.Files.Count || hashes.Any(f => !IsSha256(f?.Sha256)))
        {
            return Failure.Invalid("Send the SHA-256 (64 lower-case hex digits) of every file.", "files");
        }

        // As many hashes as files, and one for every file: so each is there once.
        var byFile = hashes.DistinctBy(f => f.Id).ToDictionary(f => f.Id, f => f.Sha256);
        foreach (var file in upload.Files)
        {
            if (!byFile.TryGetValue(file.Id, out var hash))
            {
                return Failure.Invalid("Send the SHA-256 of every file of this upload, each once.", "files");
            }

            file.BrowserSha256 = hash;
        }

        return Result.Done;
    }

    /// <summary>The lineage as it is stored, null when nothing was said.</summary>
    public static string? Serialize(Lineage? lineage)
    {
        Lineage said = new() { Source = Tidy(lineage?.Source), TrainingRun = Tidy(lineage?.TrainingRun), Commit = Tidy(lineage?.Commit) };
        return said == new Lineage() ? null : JsonSerializer.Serialize(said, Json);
    }

    private static string? Tidy(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static Result CheckSizes(IReadOnlyList<AnnouncedFile> files, ModelStoreOptions limits, IModelStore store)
    {
        var total = 0L;
        foreach (var file in files)
        {
            if (file.Size < 0)
            {
                return Failure.Invalid($"The size of '{file.Path}' is negative.", "files");
            }

            if (file.Size > store.LargestObjectBytes || file.Size > limits.MaxTotalBytes - total)
            {
                return Failure.Invalid($"An upload has at most {Math.Min(limits.MaxTotalBytes, store.LargestObjectBytes) / (1024 * 1024)} MiB.", "files");
            }

            total += file.Size;
        }

        return total == 0 ? Failure.Invalid("The files are empty.", "files") : Result.Done;
    }

    private static Result CheckTexts(BeginUpload request)
    {
        (string? Text, int Limit, string Field)[] texts =
        [
            (request.Description, MaxNotes, "description"),
            (request.Notes, MaxNotes, "notes"),
            (request.Lineage?.Source, MaxLineage, "source"),
            (request.Lineage?.TrainingRun, MaxLineage, "trainingRun"),
            (request.Lineage?.Commit, MaxLineage, "commit"),
        ];
        foreach (var (text, limit, field) in texts)
        {
            if (text?.Length > limit)
            {
                return Failure.Invalid($"At most {limit} characters.", field);
            }

            if (text?.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) == true)
            {
                return Failure.Invalid("This text has control characters.", field);
            }
        }

        return Result.Done;
    }
}
