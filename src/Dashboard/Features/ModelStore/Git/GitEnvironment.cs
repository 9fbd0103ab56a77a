using System.Security.Cryptography;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// What the git of a store has beside <see cref="GitConfinement"/>: its remote, the machine's proxies and what signs in. Secrets are in the
/// environment as long as git runs and nowhere else, except an ssh key, which ssh takes only as a file.
/// </summary>
internal sealed class GitEnvironment
{
    // An import goes to the address that was checked and therefore past every proxy; a store's server is an administrator's choice.
    private static readonly string[] Proxies = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

    private readonly GitAddress address;
    private readonly GitStoreSettings settings;
    private readonly GitSecrets secrets;
    private readonly string home;

    /// <param name="address">The repository.</param>
    /// <param name="settings">How it is reached.</param>
    /// <param name="secrets">What signs in.</param>
    /// <param name="home">A folder of its own that only the dashboard's user can read.</param>
    public GitEnvironment(GitAddress address, GitStoreSettings settings, GitSecrets secrets, string home)
    {
        (this.address, this.settings, this.secrets, this.home) = (address, settings, secrets, home);
    }

    /// <summary>Writes the files that git needs beside it. Done once per process, before the first run.</summary>
    public void Prepare()
    {
        var safe = address.Scheme == "file" ? new Uri(address.Text).LocalPath.Replace("\\", "/", StringComparison.Ordinal) : "";

        // What git starts on the other side of a path has only this file: the variables below do not reach it.
        Write("gitconfig", $"[core]\n\thooksPath = {GitConfinement.Nothing}\n\tfsmonitor = false\n[safe]\n\tdirectory = \"{safe}\"\n");
        if (settings.KnownHosts is { Length: > 0 } hosts)
        {
            Write("known_hosts", hosts.ReplaceLineEndings("\n") + "\n");
        }

        if (settings.CaPem is { Length: > 0 } authority)
        {
            Write("authority.pem", authority);
        }
    }

    /// <summary>The variables for one run.</summary>
    /// <param name="repository">The local repository.</param>
    /// <param name="more">What this run needs beside.</param>
    public Dictionary<string, string> Variables(string repository, IEnumerable<(string Name, string Value)>? more = null)
    {
        List<(string Key, string Value)> config =
        [
            ("remote.origin.url", address.Text),
            ("core.compression", "1"),
            ("http.postBuffer", "1048576"),
            ("lfs.concurrenttransfers", "2"),
        ];
        if (settings.CaPem is { Length: > 0 })
        {
            config.Add(("http.sslCAInfo", Path.Combine(home, "authority.pem")));
        }

        Dictionary<string, string> own = new(StringComparer.Ordinal) { ["GIT_CONFIG_GLOBAL"] = Path.Combine(home, "gitconfig") };
        foreach (var proxy in Proxies)
        {
            if (Environment.GetEnvironmentVariable(proxy) is { Length: > 0 } value)
            {
                own[proxy] = value;
            }
        }

        if (address.IsHttp && secrets.Token is { Length: > 0 } token)
        {
            // Only for this server, so that no other one, whoever names it, is ever told the token.
            var origin = new Uri(address.Text).GetLeftPart(UriPartial.Authority);
            config.Add(($"credential.{origin}.helper", "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$OPS_GIT_USER\" \"$OPS_GIT_TOKEN\"; }; f"));
            own["OPS_GIT_USER"] = settings.UserName;
            own["OPS_GIT_TOKEN"] = token;
        }

        if (address.Scheme == "ssh")
        {
            own["GIT_SSH_VARIANT"] = "ssh";
            own["GIT_SSH_COMMAND"] = $"ssh -F {GitConfinement.Nothing} -i {Quoted("key-" + KeyName())} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes"
                + $" -o UserKnownHostsFile={Quoted("known_hosts")} -o GlobalKnownHostsFile={GitConfinement.Nothing} -o ConnectTimeout=20 -o ServerAliveInterval=20";
        }

        var variables = GitConfinement.Variables(repository, home, address.Scheme, config);
        foreach (var (name, value) in own.Select(pair => (pair.Key, pair.Value)).Concat(more ?? []))
        {
            variables[name] = value;
        }

        return variables;
    }

    /// <summary>Lays the ssh key out for as long as the answer lives. Does nothing without ssh.</summary>
    public IDisposable? LayOutKey() => address.Scheme == "ssh" && secrets.SshKey is { Length: > 0 } key ? new KeyFile(Path.Combine(home, "key-" + KeyName()), key) : null;

    private static FileStreamOptions OwnersOnly(FileMode mode) => OperatingSystem.IsWindows()
        ? new() { Mode = mode, Access = FileAccess.Write }
        : new() { Mode = mode, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };

    private string KeyName() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secrets.SshKey ?? "")))[..16];

    // ssh's command passes through a shell.
    private string Quoted(string file) => "'" + Path.Combine(home, file).Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private void Write(string name, string content)
    {
        // Under its name in one step: another store of the same folder may be reading it.
        var path = Path.Combine(home, name);
        var draft = path + "." + Guid.NewGuid().ToString("N");
        using (var file = new StreamWriter(draft, OwnersOnly(FileMode.CreateNew)))
        {
            file.Write(content);
        }

        File.Move(draft, path, overwrite: true);
    }

    // Several runs at once share the file; the last one takes it away.
    private sealed class KeyFile : IDisposable
    {
        private static readonly Lock Gate = new();
        private static readonly Dictionary<string, int> Uses = new(StringComparer.Ordinal);
        private readonly string path;

        public KeyFile(string path, string key)
        {
            this.path = path;
            lock (Gate)
            {
                if (Uses.GetValueOrDefault(path) == 0)
                {
                    File.Delete(path);
                    using var file = new StreamWriter(path, OwnersOnly(FileMode.CreateNew));
                    file.Write(key.Trim().ReplaceLineEndings("\n") + "\n");
                }

                Uses[path] = Uses.GetValueOrDefault(path) + 1;
            }
        }

        public void Dispose()
        {
            lock (Gate)
            {
                if (--Uses[path] == 0)
                {
                    Uses.Remove(path);
                    File.Delete(path);
                }
            }
        }
    }
}
