using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Ops.Dashboard.ComponentTests;

/// <summary>bUnit asks for a newer AngleSharp.Diffing than can be restored; the older one has all that rendering needs.</summary>
internal static class BunitAssemblies
{
    [ModuleInitializer]
    internal static void AcceptOlderDiffing() =>
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            name.Name == "AngleSharp.Diffing"
                ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll"))
                : null;
}
