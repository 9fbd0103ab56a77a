using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ops.Dashboard.Tests.Features.Playground;

public sealed class TensorScriptTests
{
    /// <summary>The browser's part has no page in it and is tried by node, which the build needs anyway for npm.</summary>
    [Fact]
    public async Task Tensors_UnderNode_AllPass()
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--test");
        start.ArgumentList.Add(Path.Combine(Here(), "tensors.test.mjs"));
        start.Environment["OPS_SCRIPTS"] = Path.GetFullPath(Path.Combine(Here(), "../../../../src/Dashboard/wwwroot/js"));
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, $"{await output}\n{await errors}");
        Assert.Contains("pass 11", await output, StringComparison.Ordinal);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
