using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>Makes stores in git repositories: GitHub, GitLab, Gitea, any server with git over https or ssh, or a bare repository on this machine.</summary>
internal sealed class GitStoreKind(DataFolder data, FolderRules folders, GitProgram program, TimeProvider time) : IModelStoreKind
{
    /// <summary>The name of the kind.</summary>
    public const string KindName = "git";

    /// <summary>The secret for HTTP.</summary>
    public const string Token = "token";

    /// <summary>The secret for ssh.</summary>
    public const string SshKey = "sshKey";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public IReadOnlyList<string> SecretNames { get; } = [Token, SshKey];

    /// <inheritdoc/>
    public Result<IModelStore> Create(string name, string settingsJson, IReadOnlyDictionary<string, string> secrets)
    {
        GitStoreSettings? settings;
        try
        {
            settings = JsonSerializer.Deserialize<GitStoreSettings>(settingsJson, Json);
        }
        catch (JsonException)
        {
            settings = null;
        }

        if (settings is null)
        {
            return Failure.Invalid("The settings are not the JSON of a git store.");
        }

        var named = Names.Check(name, "name");
        if (!named.Succeeded)
        {
            return named.Failure;
        }

        var address = GitAddress.Parse(settings.Repository, settings.AllowPlainHttp, Folder);
        if (!address.Succeeded)
        {
            return address.Failure;
        }

        var given = new GitSecrets(secrets.GetValueOrDefault(Token)?.Trim(), secrets.GetValueOrDefault(SshKey));
        var check = Check(settings, address.Value, given);
        if (!check.Succeeded)
        {
            return check.Failure;
        }

        // Another repository gets another folder: what the clone of the first one knows is not true of the second.
        var place = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Value.Text)))[..16];
        return Result.Of<IModelStore>(new GitStore(name, settings, address.Value, given, program, data.Folder("git", name, place), time));
    }

    private static Result Check(GitStoreSettings settings, GitAddress address, GitSecrets secrets)
    {
        (bool IsWrong, string Field, string Message)[] rules =
        [
            (settings.UserName.Length is 0 or > 100 || settings.UserName.Any(c => c is <= ' ' or > '~' or ':'), "userName", "Give a user name without spaces and colons."),
            (settings.LfsAboveMiB is < 1 or > 1024 * 1024, "lfsAboveMiB", "Give 1 or more MiB."),
            (settings.LargestFileMiB is < 1 or > 1024 * 1024, "largestFileMiB", "Give 1 or more MiB."),
            (settings.CacheMiB is < 16 or > 1024 * 1024 * 64, "cacheMiB", "Give 16 or more MiB."),
            (settings.TimeoutMinutes is < 1 or > 24 * 60, "timeoutMinutes", "Give 1 to 1440 minutes."),
            (secrets.Token?.Any(c => c is < ' ' or > '~') == true, Token, "A token has no line breaks and no letters beyond ASCII."),
            (address.Scheme == "ssh" && string.IsNullOrWhiteSpace(secrets.SshKey), SshKey, "Give the private key for ssh."),
            (secrets.SshKey is { Length: > 0 } key && !key.Contains("PRIVATE KEY-----", StringComparison.Ordinal), SshKey, "Give a private key as in an OpenSSH file, with its first and last line."),
            (address.Scheme == "ssh" && string.IsNullOrWhiteSpace(settings.KnownHosts), "knownHosts", "Give the host's public keys, as ssh-keyscan prints them: without them anybody on the way could be the host."),
        ];
        var wrong = rules.FirstOrDefault(rule => rule.IsWrong);
        return wrong.IsWrong ? Failure.Invalid(wrong.Message, wrong.Field) : Result.Done;
    }

    private Result<string> Folder(string text)
    {
        var folder = folders.Resolve(text);
        return folder.Succeeded ? folder : folder.Failure with { Field = "repository" };
    }
}
