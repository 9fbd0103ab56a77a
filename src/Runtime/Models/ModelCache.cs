using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Fetching;

namespace Ops.Runtime.Models;

/// <summary>
/// Brings a version's files into <c>CacheFolder/&lt;digest&gt;/</c> and lets nothing be loaded that was not hashed in
/// this process. Several processes may share the folder.
/// </summary>
internal sealed class ModelCache(IOptions<RuntimeOptions> options, VerifiedFiles files, TimeProvider time)
{
    private readonly string root = options.Value.CacheFolder;

    /// <summary>Makes every file of the version present and verified.</summary>
    /// <param name="model">The version.</param>
    /// <param name="progress">Called with each number of bytes that were verified.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The folder that holds exactly the verified files at their relative paths (and maybe stray others).</returns>
    /// <exception cref="ModelLoadException">A file is missing, cannot be fetched, or is not what was declared.</exception>
    public async Task<string> EnsureAsync(ModelOptions model, Action<long> progress, CancellationToken cancellation)
    {
        var folder = Path.Combine(root, model.Digest.ToLowerInvariant());
        var wanted = model.Files.Select(f => WantedFile.Of(f, $"{f.Path} of {model.Name} version {model.Version}")).ToList();
        try
        {
            using var incoming = IncomingFolder.Shared(root, time);
            await files.EnsureAsync(folder, incoming, wanted, (bytes, _) => progress(bytes), cancellation);
            return folder;
        }
        catch (FetchException exception)
        {
            throw new ModelLoadException(exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException($"The files of {model.Name} version {model.Version} could not be stored in the cache.", exception);
        }
    }
}
