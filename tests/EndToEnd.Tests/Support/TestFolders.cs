using Ops.Testing;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Where tests find what they need and leave what people may want to look at.</summary>
public static class TestFolders
{
    /// <summary>The dashboard's project, which is also its content root.</summary>
    public static string Dashboard { get; } = Path.Combine(Repository.Root, "src", "Dashboard");

    /// <summary>The dashboard as it was built along with these tests.</summary>
    public static string DashboardProgram { get; } = Path.Combine(Dashboard, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Ops.Dashboard.dll");

    /// <summary>Screenshots and traces of failed tests, beside the result files.</summary>
    public static string Results { get; } = Path.Combine(Repository.Root, "artifacts", "test-results");

    /// <summary>A file of tests/TestData.</summary>
    public static string Data(string name) => Path.Combine(AppContext.BaseDirectory, "TestData", name);

    /// <summary>A file in the results, its folder made. The name may hold anything that a test is called.</summary>
    public static string Result(string name)
    {
        Directory.CreateDirectory(Results);
        return Path.Combine(Results, string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')));
    }
}
