using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Registry;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>What a version says about itself in its README.md.</summary>
public sealed record ModelCard
{
    /// <summary>The version's number.</summary>
    public required int Number { get; init; }

    /// <summary>Markdown that anybody may have written.</summary>
    public string Text { get; init; } = "";

    /// <summary>The block of facts at its beginning.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; } = [];

    /// <summary>Where relative links lead.</summary>
    public required CardLinks Links { get; init; }

    /// <summary>Why the text is not shown, in plain words, or null.</summary>
    public string? Problem { get; init; }
}

/// <summary>Reads model cards from the store.</summary>
internal sealed class ModelCards(IDbContextFactory<RegistryDb> databases, ModelStores stores)
{
    /// <summary>The most bytes of a card that is shown.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int MostFiles = 10_000;
    private static readonly string[] Names = ["README.md", "readme.md", "Readme.md", "README.MD"];

    /// <summary>The card of a version, or null when it has none, is deleted or damaged.</summary>
    /// <param name="modelId">The model.</param>
    /// <param name="model">Its name.</param>
    /// <param name="number">The version, or null for the newest that is not deleted.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ModelCard?> ReadAsync(Guid modelId, string model, int? number, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await db.Versions.AsNoTracking()
            .Where(v => v.ModelId == modelId && v.State != VersionState.Deleted && v.State != VersionState.Purged && (number == null || v.Number == number))
            .OrderByDescending(v => v.Number)
            .Select(v => new { v.Id, v.Number, v.Store, v.State })
            .FirstOrDefaultAsync(cancellation);
        if (version is null || version.State == VersionState.Damaged)
        {
            return null;
        }

        var file = await db.VersionFiles.AsNoTracking().Where(f => f.VersionId == version.Id && Names.Contains(f.Path)).OrderBy(f => f.Path).FirstOrDefaultAsync(cancellation);
        if (file is null)
        {
            return null;
        }

        var paths = await db.VersionFiles.Where(f => f.VersionId == version.Id).OrderBy(f => f.Path).Select(f => f.Path).Take(MostFiles).ToListAsync(cancellation);
        var card = new ModelCard { Number = version.Number, Links = new(model, version.Number, paths.ToHashSet(StringComparer.Ordinal)) };
        if (file.SizeBytes > MaxBytes)
        {
            return card with { Problem = $"{file.Path} is too long to be shown here. Download it from the list of files." };
        }

        if (await TextAsync(version.Store, file, cancellation) is not { } text)
        {
            return card with { Problem = $"{file.Path} cannot be read from the store right now." };
        }

        var (facts, rest) = FrontMatter.Split(text);
        return card with { Facts = facts, Text = rest };
    }

    private async Task<string?> TextAsync(string store, VersionFile file, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await stores.Get(store).OpenReadAsync(file.ObjectId, cancellation);
            var bytes = new byte[(int)file.SizeBytes];
            var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
            return read == bytes.Length && Convert.ToHexStringLower(SHA256.HashData(bytes)) == file.Sha256 ? Encoding.UTF8.GetString(bytes) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
