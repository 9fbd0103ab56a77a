using Ops.Dashboard.Features.ModelStore;

namespace Ops.Dashboard.Tests.Features.ModelStore;

public sealed class PartStreamTests
{
    [Fact]
    public async Task Read_SourceIsLonger_EndsWithThePartAndLeavesTheRest()
    {
        using var source = new MemoryStream([1, 2, 3, 4, 5]);
        List<byte> seen = [];
        using var part = new PartStream(source, 3, bytes => seen.AddRange(bytes));
        using var copy = new MemoryStream();

        await part.CopyToAsync(copy);

        Assert.Equal([1, 2, 3], copy.ToArray());
        Assert.Equal(copy.ToArray(), seen);
        Assert.Equal((3, 3, 3), (part.Length, part.Position, source.Position));
    }

    [Fact]
    public async Task Read_SourceEndsWithinThePart_Fails()
    {
        using var part = new PartStream(new MemoryStream([1, 2]), 3);

        var exception = await Assert.ThrowsAsync<PartLengthException>(() => part.CopyToAsync(Stream.Null));

        Assert.Contains("1 bytes before", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_SourceEndsWithinThePart_FailsAsItsReaderSays()
    {
        using var part = new PartStream(new MemoryStream([1, 2]), 3, tooShort: () => new InvalidDataException("short"));

        await Assert.ThrowsAsync<InvalidDataException>(() => part.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task Dispose_Part_LeavesTheSourceOpen()
    {
        using var source = new MemoryStream([1, 2]);
        await new PartStream(source, 1).DisposeAsync();

        Assert.Equal(1, source.ReadByte());
    }
}
