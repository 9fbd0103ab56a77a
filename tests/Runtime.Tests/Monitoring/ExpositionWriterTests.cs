using Ops.Runtime.Monitoring;

namespace Ops.Runtime.Tests.Monitoring;

public sealed class ExpositionWriterTests
{
    [Fact]
    public void Sample_LabelWithSpecialCharacters_IsEscaped()
    {
        var writer = new ExpositionWriter();
        writer.Sample("a_total", 1.5, ("name", "x\"\\\ny"));
        Assert.Equal("a_total{name=\"x\\\"\\\\\\ny\"} 1.5\n", writer.ToString());
    }
}
