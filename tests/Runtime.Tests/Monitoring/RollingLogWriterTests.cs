using Ops.Runtime.Monitoring;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Monitoring;

public sealed class RollingLogWriterTests
{
    [Fact]
    public void Write_BeyondTheLimit_KeepsTheNewestLinesWithinTwoFiles()
    {
        using var folder = new TestFolder();
        var path = folder.File("logs/runtime.log");
        using (var writer = new RollingLogWriter(path, maxBytes: 100))
        {
            for (var i = 0; i < 50; i++)
            {
                writer.Write($"line {i:D3}\n");
            }
        }

        Assert.EndsWith("line 049\n", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder.File("logs")).Length);
        Assert.InRange(new FileInfo(path + ".1").Length, 100, 110);
    }
}
