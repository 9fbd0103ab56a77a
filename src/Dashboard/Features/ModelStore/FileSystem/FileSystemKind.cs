using System.Text.Json;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.FileSystem;

/// <summary>Makes stores out of folders: the one in the data folder, and others below the roots that the configuration allows.</summary>
internal sealed class FileSystemKind(DataFolder data, FolderRules rules) : IModelStoreKind
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public string Kind => StoreKinds.FileSystem;

    /// <inheritdoc/>
    public IReadOnlyList<string> SecretNames => [];

    /// <inheritdoc/>
    public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets)
    {
        if (name == Store.BuiltInName)
        {
            return Result.Of<IModelStore>(new FileSystemStore(data));
        }

        var folder = rules.Resolve(JsonSerializer.Deserialize<Settings>(settingsJson, Json)?.Folder);
        if (!folder.Succeeded)
        {
            return folder.Failure;
        }

        if (!Directory.Exists(folder.Value))
        {
            // Not made here: where a disk is not mounted, that would quietly begin an empty store on another one.
            return Failure.Unavailable("There is no such folder on the machine of the dashboard. Make it, or mount its disk.");
        }

        try
        {
            return Result.Of<IModelStore>(new FileSystemStore(name, folder.Value));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failure.Unavailable($"The folder cannot be used: {exception.Message}");
        }
    }

    private sealed record Settings(string? Folder);
}
