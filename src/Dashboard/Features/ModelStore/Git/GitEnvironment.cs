using System.Security.Cryptography;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// The environment git runs in: no settings of the machine or its users, no hooks, one protocol, nothing that asks a person. Secrets are in
/// it as long as git runs and nowhere else, except an ssh key, which ssh takes only as a file.
/// </summary>
internal sealed class GitEnvironment
{
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

    private static string Nothing => OperatingSystem.IsWindows() ? "NUL" : "/dev/null";

    /// <summary>Writes the files that git needs beside it. Done once per process, before the first run.</summary>
    public void Prepare()
    {
        var safe = address.Scheme == "file" ? new Uri(address.Text).LocalPath.Replace("\\", "/", StringComparison.Ordinal) : "";

        // What git starts on the other side of a path has only this file: the variables below do not reach it.
        Write("gitconfig", $"[core]\n\thooksPath = {Nothing}\n\tfsmonitor = false\n[safe]\n\tdirectory = \"{safe}\"\n");
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
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["XDG_CONFIG_HOME"] = home,
            ["LC_ALL"] = "C",
            ["GIT_DIR"] = repository,
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_ATTR_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = Path.Combine(home, "gitconfig"),
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ALLOW_PROTOCOL"] = address.Scheme,
            ["GIT_PROTOCOL_FROM_USER"] = "0",
            ["GIT_NO_REPLACE_OBJECTS"] = "1",
        };
        List<(string Key, string Value)> config =
        [
            ("remote.origin.url", address.Text),
            ("core.hooksPath", Nothing),
            ("core.fsmonitor", "false"),
            ("core.protectNTFS", "true"),
            ("core.protectHFS", "true"),
            ("core.compression", "1"),
            ("core.bigFileThreshold", "4m"),
            ("core.autocrlf", "false"),
            ("core.attributesFile", Nothing),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("fetch.fsckObjects", "true"),
            ("fetch.recurseSubmodules", "false"),
            ("submodule.recurse", "false"),
            ("credential.helper", ""),
            ("http.followRedirects", "false"),
            ("http.lowSpeedLimit", "1000"),
            ("http.lowSpeedTime", "60"),
            ("http.postBuffer", "1048576"),
            ("lfs.concurrenttransfers", "2"),
        ];
        if (settings.CaPem is { Length: > 0 })
        {
            config.Add(("http.sslCAInfo", Path.Combine(home, "authority.pem")));
        }

        if (address.IsHttp && secrets.Token is { Length: > 0 } token)
        {
            // Only for this server, so that no other one, whoever names it, is ever told the token.
            var origin = new Uri(address.Text).GetLeftPart(UriPartial.Authority);
            config.Add(($"credential.{origin}.helper", "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$OPS_GIT_USER\" \"$OPS_GIT_TOKEN\"; }; f"));
            variables["OPS_GIT_USER"] = settings.UserName;
            variables["OPS_GIT_TOKEN"] = token;
        }

        if (address.Scheme == "ssh")
        {
            variables["GIT_SSH_VARIANT"] = "ssh";
            variables["GIT_SSH_COMMAND"] = $"ssh -F {Nothing} -i {Quoted("key-" + KeyName())} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes"
                + $" -o UserKnownHostsFile={Quoted("known_hosts")} -o GlobalKnownHostsFile={Nothing} -o ConnectTimeout=20 -o ServerAliveInterval=20";
        }

        variables["GIT_CONFIG_COUNT"] = config.Count.ToString();
        foreach (var ((key, value), index) in config.Select((entry, index) => (entry, index)))
        {
            variables[$"GIT_CONFIG_KEY_{index}"] = key;
            variables[$"GIT_CONFIG_VALUE_{index}"] = value;
        }

        foreach (var (name, value) in more ?? [])
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
