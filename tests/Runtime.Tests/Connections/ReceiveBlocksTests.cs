using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Ops.Runtime.Connections;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

namespace Ops.Runtime.Tests.Connections;

public class ReceiveBlocksTests
{
    [Fact]
    public async Task What_the_server_receives_lies_in_few_large_blocks()
    {
        await using var server = await TestServer.StartAsync([TestModels.Options("digits_mlp", "1", TestModels.FileOptions(TestModels.Path("digits_mlp.onnx")))]);
        // The transport as the server is given it, with a connection of the test's own.
        await using var listener = await server.Services.GetRequiredService<IConnectionListenerFactory>().BindAsync(new IPEndPoint(IPAddress.Loopback, 0), default);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        await using var connection = (await listener.AcceptAsync())!;
        const int Sent = 4 * ReceiveBlocks.BlockBytes;

        var sending = client.SendAsync(new byte[Sent]);
        var received = await connection.Transport.Input.ReadAtLeastAsync(Sent);

        var blocks = 0;
        foreach (var block in received.Buffer)
        {
            blocks++;
        }

        Assert.InRange(blocks, 1, 8);
        Assert.Equal(Sent, received.Buffer.Length);
        connection.Transport.Input.AdvanceTo(received.Buffer.End);
        Assert.Equal(Sent, await sending);
    }

    [Fact]
    public void A_block_is_as_large_as_promised_and_nothing_larger_is_lent()
    {
        using var blocks = new ReceiveBlocks.Factory().Create();

        using var block = blocks.Rent(1);

        Assert.True(block.Memory.Length >= ReceiveBlocks.BlockBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => blocks.Rent(blocks.MaxBufferSize + 1));
    }

    [Fact]
    public void However_many_come_back_are_lent_again_and_none_twice()
    {
        using var blocks = new ReceiveBlocks(TimeProvider.System);
        var first = Enumerable.Range(0, 1000).Select(_ => blocks.Rent()).ToList();
        first.ForEach(b => b.Dispose());
        first[0].Dispose();

        var again = Enumerable.Range(0, 1000).Select(_ => blocks.Rent()).ToList();

        Assert.Equal(first.ToHashSet(), again.ToHashSet());
        Assert.Equal(0, blocks.Unused);
    }

    [Fact]
    public void What_stays_unused_for_a_whole_interval_is_let_go()
    {
        var time = new ManualTime();
        using var blocks = new ReceiveBlocks(time);
        Enumerable.Range(0, 10).Select(_ => blocks.Rent()).ToList().ForEach(b => b.Dispose());
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(10, blocks.Unused);

        Enumerable.Range(0, 3).Select(_ => blocks.Rent()).ToList().ForEach(b => b.Dispose());
        time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(3, blocks.Unused);
    }
}
