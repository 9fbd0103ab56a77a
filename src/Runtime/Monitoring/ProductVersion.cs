using System.Reflection;

namespace Ops.Runtime.Monitoring;

/// <summary>The version of this program.</summary>
internal static class ProductVersion
{
    /// <summary>For instance <c>1.0.0</c>.</summary>
    public static readonly string Text =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
