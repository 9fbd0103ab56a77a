using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>
/// Fetches a revision of a repository that is not trusted, and reads it. Beside what <see cref="GitConfinement"/> shuts off, no proxy is used and
/// the connection goes to the addresses that were checked. Nothing is ever checked out.
/// </summary>
internal sealed class GitFetcher(GitProgram git, AddressGuard guard, IOptions<ImportsOptions> options)
{
    private const string NoProtocol = "none";

    /// <summary>Fetches one revision, without history, into a bare repository.</summary>
    /// <param name="folder">Where; made when it is not there.</param>
    /// <param name="address">Of the repository; checked here.</param>
    /// <param name="revision">A branch, tag or commit, checked by the caller; <c>HEAD</c> for the main line.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <returns>The commit.</returns>
    /// <exception cref="ImportRefusedException">Git says that there is no such thing, or the repository is too large.</exception>
    /// <exception cref="ImportInterruptedException">It failed otherwise.</exception>
    public async Task<string> FetchAsync(string folder, Uri address, string revision, CancellationToken cancellation)
    {
        guard.CheckScheme(address);
        var addresses = await guard.ResolveAsync(address.Host, address.Port, cancellation);
        await CheckVersionAsync(cancellation);
        Directory.CreateDirectory(folder);
        await ReadAsync(folder, ["init", "--quiet", "--bare", "--template=", folder], cancellation);
        (string, string)[] pin = IPAddress.TryParse(address.Host.Trim('[', ']'), out _)
            ? []
            : [("http.curloptResolve", $"{address.Host}:{address.Port}:{string.Join(',', addresses.Select(Written))}")];
        await RunAsync(
            Call(folder, ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--", address.AbsoluteUri, $"+{revision}:refs/ops/import"], address.Scheme, pin),
            cancellation);
        return (await ReadAsync(folder, ["rev-parse", "--verify", "--quiet", "refs/ops/import^{commit}"], cancellation)).Trim();
    }

    /// <summary>Runs git on what was fetched, without a connection, and gives back what it printed.</summary>
    /// <param name="folder">The repository.</param>
    /// <param name="arguments">The command and its arguments.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <param name="input">Sent to its standard input.</param>
    /// <exception cref="ImportRefusedException">Git says that there is no such thing.</exception>
    /// <exception cref="ImportInterruptedException">It failed otherwise.</exception>
    public Task<string> ReadAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellation, string input = "") =>
        RunAsync(Call(folder, arguments, NoProtocol, []) with { Input = input }, cancellation);

    /// <summary>Opens the content of a file of the repository. Disposing the stream ends the program.</summary>
    public Stream OpenBlob(string folder, string id)
    {
        try
        {
            var reading = git.Open(Call(folder, ["cat-file", "blob", id], NoProtocol, []));
            return new PatientStream(reading.Output, reading, options.Value.Silence);
        }
        catch (GitRunException exception)
        {
            throw Explain(exception);
        }
    }

    private static string Written(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private static Exception Explain(GitOutcome outcome)
    {
        var line = outcome.Error.Split('\n').LastOrDefault(l => l.StartsWith("fatal:", StringComparison.Ordinal) || l.StartsWith("error:", StringComparison.Ordinal)) ?? "git ended without a word";
        var plain = new string([.. line.Where(c => !char.IsControl(c)).Take(300)]);
        var isFinal = plain.Contains("not found", StringComparison.OrdinalIgnoreCase) || plain.Contains("couldn't find remote ref", StringComparison.Ordinal) || plain.Contains("could not read Username", StringComparison.Ordinal)
            || plain.Contains("not allowed", StringComparison.Ordinal) || plain.Contains("redirect", StringComparison.Ordinal) || plain.Contains("Server does not allow request", StringComparison.Ordinal);
        return isFinal ? new ImportRefusedException($"The repository or its revision cannot be read: {plain}.") : new ImportInterruptedException($"The repository cannot be read right now: {plain}.");
    }

    // Its own limits are reached again the next time, so trying again by itself would not help.
    private ImportRefusedException Explain(GitRunException exception) => new(
        exception.Fault switch
        {
            GitFault.TooLarge => string.Create(CultureInfo.InvariantCulture, $"The repository has more than {options.Value.MaxBytes / (1024 * 1024)} MiB."),
            GitFault.TooSlow => string.Create(CultureInfo.InvariantCulture, $"The repository could not be fetched within {options.Value.GitTime.TotalMinutes:0} minutes."),
            GitFault.TooTalkative => "The repository's listing is too long.",
            _ => $"Git repositories cannot be imported: {exception.Message}",
        },
        exception);

    private GitCall Call(string folder, IReadOnlyList<string> arguments, string protocol, IReadOnlyList<(string Key, string Value)> more) => new(
        folder,
        arguments,
        GitConfinement.Variables(folder, folder, protocol, [("fetch.unpackLimit", "1"), ("pack.threads", "1"), .. more]),
        options.Value.GitTime)
    {
        LargestFolderBytes = options.Value.MaxBytes,
    };

    // An older one would ignore the settings that keep it confined, the checked address among them.
    private async Task CheckVersionAsync(CancellationToken cancellation)
    {
        try
        {
            await git.VersionAsync(cancellation);
        }
        catch (GitRunException exception)
        {
            throw Explain(exception);
        }
    }

    private async Task<string> RunAsync(GitCall call, CancellationToken cancellation)
    {
        try
        {
            var outcome = await git.RunAsync(call, cancellation);
            return outcome.ExitCode == 0 ? outcome.Output : throw Explain(outcome);
        }
        catch (GitRunException exception)
        {
            throw Explain(exception);
        }
    }
}
