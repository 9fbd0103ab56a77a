namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>What the machine gives git stores and imports from git. Section <c>Ops:Git</c>.</summary>
internal sealed class GitOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Git";

    /// <summary>The git program: a name on the PATH, or an absolute path.</summary>
    public string Program { get; set; } = "git";
}
