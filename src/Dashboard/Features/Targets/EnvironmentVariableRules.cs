using System.Text;
using System.Text.RegularExpressions;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets;

/// <summary>Which environment variables a plan may set: none that would change what is served, which code is loaded, or how we talk to the process.</summary>
internal static partial class EnvironmentVariableRules
{
    /// <summary>The most variables of one plan.</summary>
    public const int MaxCount = 64;

    /// <summary>The longest value, in bytes of UTF-8.</summary>
    public const int MaxValueBytes = 4096;

    private const int MaxNameLength = 128;

    // Compared without regard to case, because .NET's configuration and Windows do not regard it either.
    private static readonly Dictionary<string, string> ReservedNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["PATH"] = "decides which programs run",
        ["PATHEXT"] = "decides which programs run",
        ["HOME"] = "belongs to the machine",
        ["USERPROFILE"] = "belongs to the machine",
        ["SYSTEMROOT"] = "belongs to the machine",
        ["TMPDIR"] = "belongs to the machine",
        ["TEMP"] = "belongs to the machine",
        ["TMP"] = "belongs to the machine",
        ["SHELL"] = "belongs to the machine",
        ["IFS"] = "changes how shells read commands",
        ["ENV"] = "runs code in shells",
        ["BASH_ENV"] = "runs code in shells",
        ["URLS"] = "decides where the runtime listens",
        ["HTTP_PORTS"] = "decides where the runtime listens",
        ["HTTPS_PORTS"] = "decides where the runtime listens",
        ["GLIBC_TUNABLES"] = "changes the system's own libraries",
        ["GCONV_PATH"] = "loads code into the process",
    };

    private static readonly (string Prefix, string Why)[] ReservedPrefixes =
    [
        ("OPS_", "belongs to Ops itself"),
        ("DOTNET_", "changes the platform the runtime runs on"),
        ("ASPNETCORE_", "changes the server inside the runtime"),
        ("KESTREL_", "changes the server inside the runtime"),
        ("COMPLUS_", "changes the platform the runtime runs on"),
        ("CORECLR_", "loads code into the process"),
        ("COR_", "loads code into the process"),
        ("COREHOST_", "changes the platform the runtime runs on"),
        ("LD_", "loads code into the process"),
        ("DYLD_", "loads code into the process"),
        ("BASH_FUNC_", "runs code in shells"),
    ];

    /// <summary>Checks all variables of a plan; the first mistake is refused, naming its variable.</summary>
    /// <param name="variables">Names and values as the person typed them.</param>
    public static Result Check(IReadOnlyDictionary<string, string> variables)
    {
        if (variables.Count > MaxCount)
        {
            return Invalid($"A plan has at most {MaxCount} environment variables.");
        }

        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (Refuse(name) is { } refusal)
            {
                return Invalid(refusal);
            }

            if (!seen.Add(name))
            {
                return Invalid($"{name} is there twice, in different case.");
            }

            if (value.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(value) > MaxValueBytes)
            {
                return Invalid($"The value of {name} has at most {MaxValueBytes} bytes, none of them zero.");
            }
        }

        return Result.Done;
    }

    /// <summary>Why a variable of this name may not be set, or null when it may.</summary>
    public static string? Refuse(string name)
    {
        if (name.Length is 0 or > MaxNameLength || !Identifier().IsMatch(name))
        {
            return $"The name of an environment variable has letters, digits and underscores, begins with no digit, and has at most {MaxNameLength} characters.";
        }

        return ReservedNames.TryGetValue(name, out var why) || (why = ReservedPrefixes.FirstOrDefault(p => name.StartsWith(p.Prefix, StringComparison.OrdinalIgnoreCase)).Why) is not null
            ? $"{name} cannot be set by a plan: it {why}."
            : null;
    }

    private static Failure Invalid(string message) => Failure.Invalid(message, "environmentVariables");

    // A colon would reach the configuration of the runtime as well, so the POSIX form is the only one.
    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex Identifier();
}
