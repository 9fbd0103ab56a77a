using System.Globalization;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// The environment that every run of git has, for a repository of ours as for a stranger's: no settings of the machine or its users, no hook,
/// filter, submodule, helper or prompt, one protocol, no redirect, everything received is checked. All of it is in variables, so that it holds
/// for the programs that git starts too.
/// </summary>
internal static class GitConfinement
{
    private static readonly (string Key, string Value)[] Always =
    [
        ("core.hooksPath", Nothing),
        ("core.fsmonitor", "false"),
        ("core.symlinks", "false"),
        ("core.protectNTFS", "true"),
        ("core.protectHFS", "true"),
        ("core.autocrlf", "false"),
        ("core.attributesFile", Nothing),
        ("core.askPass", ""),

        // Larger blobs are streamed, never read whole.
        ("core.bigFileThreshold", "4m"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("transfer.fsckObjects", "true"),
        ("fetch.fsckObjects", "true"),
        ("transfer.bundleURI", "false"),
        ("fetch.recurseSubmodules", "false"),
        ("submodule.recurse", "false"),
        ("credential.helper", ""),
        ("http.followRedirects", "false"),
        ("http.sslVerify", "true"),
        ("http.lowSpeedLimit", "1000"),
        ("http.lowSpeedTime", "60"),
    ];

    /// <summary>The file that is always empty.</summary>
    public static string Nothing => OperatingSystem.IsWindows() ? "NUL" : "/dev/null";

    /// <summary>The variables of one run.</summary>
    /// <param name="repository">The local repository.</param>
    /// <param name="home">What git takes for the home of its user.</param>
    /// <param name="protocol">The one protocol it may speak, or <c>none</c>.</param>
    /// <param name="more">Settings beside those that always apply; a later one wins where git takes one.</param>
    public static Dictionary<string, string> Variables(string repository, string home, string protocol, IReadOnlyList<(string Key, string Value)> more)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["XDG_CONFIG_HOME"] = home,
            ["LC_ALL"] = "C",
            ["GIT_DIR"] = repository,
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_ATTR_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = Nothing,
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ALLOW_PROTOCOL"] = protocol,
            ["GIT_PROTOCOL_FROM_USER"] = "0",
            ["GIT_NO_REPLACE_OBJECTS"] = "1",
        };
        foreach (var (index, (key, value)) in Always.Concat(more).Index())
        {
            variables[$"GIT_CONFIG_KEY_{index}"] = key;
            variables[$"GIT_CONFIG_VALUE_{index}"] = value;
        }

        variables["GIT_CONFIG_COUNT"] = (Always.Length + more.Count).ToString(CultureInfo.InvariantCulture);
        return variables;
    }
}
