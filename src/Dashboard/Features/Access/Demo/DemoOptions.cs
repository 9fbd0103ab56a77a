namespace Ops.Dashboard.Features.Access.Demo;

/// <summary>The demonstration on one machine. Section <c>Ops:Demo</c>; the switch <c>--demo</c> turns it on.</summary>
internal sealed class DemoOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ops:Demo";

    /// <summary>The command line switch.</summary>
    public const string Switch = "--demo";

    /// <summary>Whether to make the accounts and load the sample.</summary>
    public bool Enabled { get; set; }

    /// <summary>The password of the accounts; made up and printed when it is not given.</summary>
    public string? Password { get; set; }
}
