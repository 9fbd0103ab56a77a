using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ops.Runtime.Fetching;
using Ops.Runtime.Tests.Support;
using Ops.Testing;

namespace Ops.Runtime.Tests.Fetching;

/// <summary>One file from a store that misbehaves.</summary>
public sealed class FileFetcherTests : IDisposable
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(400_000);
    private readonly TestFolder folder = new();
    private readonly ManualTime time = new();
    private readonly RecordingLogger<FileFetcher> log = new();
    private readonly HttpClient http = FileFetcher.CreateClient();
    private long here;
    private long fetched;

    [Fact]
    public async Task Fetch_ConnectionBreaksTwice_GoesOnWhereItBroke()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Cuts(100_000), FileServer.Cuts(50_000));
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
        Assert.Equal(["", "bytes=100000-", "bytes=150000-"], store.Ranges);
        Assert.Equal((Content.Length, Content.Length), (here, fetched));
    }

    [Fact]
    public async Task Fetch_SourceKnowsNoParts_BeginsAnew()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Cuts(100_000), FileServer.KnowsNoParts);
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
        Assert.Equal((Content.Length, Content.Length + 100_000), (here, fetched));
    }

    [Fact]
    public async Task Fetch_SourceAnswersAnotherPart_BeginsAnew()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Cuts(100_000), FileServer.SendsAnotherPart, FileServer.Cuts(7), FileServer.Answers(416));
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
        Assert.Equal(["", "bytes=100000-", "", "bytes=7-", ""], store.Ranges);
    }

    [Fact]
    public async Task Fetch_AnotherContentAfterTheBreak_IsFetchedAnewFromTheFirstByte()
    {
        var other = (byte[])Content.Clone();
        other[0] ^= 1;
        await using var store = await FileServer.StartAsync(other, FileServer.Cuts(100_000), FileServer.Sends(Content), FileServer.Sends(Content));
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
        Assert.Equal(["", "bytes=100000-", ""], store.Ranges);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(399_999)]
    public async Task Fetch_OneOtherByte_IsRefused(int at)
    {
        var other = (byte[])Content.Clone();
        other[at] ^= 1;
        await using var store = await FileServer.StartAsync(other, FileServer.Cuts(100_000));
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal(FetchTrouble.Content, exception.Trouble);
        Assert.Equal("model.onnx does not match its SHA-256. It was changed or damaged and is not loaded.", exception.Message);
    }

    [Theory]
    [InlineData(399_999, "model.onnx has 399999 bytes instead of 400000.")]
    [InlineData(400_001, "model.onnx is longer than the 400000 bytes it should have.")]
    public async Task Fetch_OtherLength_IsRefusedAtOnce(int length, string message)
    {
        await using var store = await FileServer.StartAsync(RandomNumberGenerator.GetBytes(length));
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal((FetchTrouble.Content, message), (exception.Trouble, exception.Message));
        Assert.Equal(0, fetched);
    }

    [Fact]
    public async Task Fetch_AnswerWithoutLengthThatNeverEnds_IsRefused()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.NeverEnds);
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal(FetchTrouble.Content, exception.Trouble);
        Assert.InRange(new FileInfo(folder.File("target")).Length, 0, Content.Length);
    }

    [Fact]
    public async Task Fetch_AnswerWithoutLengthThatEndsEarly_IsTakenForABrokenOne()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answers = Task.Run(async () =>
        {
            foreach (var length in new[] { 1000, Content.Length })
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var stream = client.GetStream();
                Assert.True(await stream.ReadAsync(new byte[4096]) > 0);
                await stream.WriteAsync("HTTP/1.0 200 OK\r\n\r\n"u8.ToArray());
                await stream.WriteAsync(Content.AsMemory(0, length));
            }
        });
        await FetchAsync($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        await answers;
        Assert.Equal(Content, Stored);
    }

    [Fact]
    public async Task Fetch_503WithRetryAfter_WaitsAsLongAsItIsAsked()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Answers(503, "97"), FileServer.Answers(429, time.GetUtcNow().AddSeconds(97 + 150).ToString("R")));
        await FetchAsync(store.Url, TimeSpan.FromSeconds(1));
        Assert.InRange(time.GetUtcNow() - new ManualTime().GetUtcNow(), TimeSpan.FromSeconds(97 + 148), TimeSpan.FromSeconds(97 + 160));
        Assert.Equal(3, store.Ranges.Count);
    }

    [Fact]
    public async Task Fetch_RetryAfterOfAnHour_GivesUpAtOnce()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Answers(503, "3600"));
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal((FetchTrouble.Unreachable, "model.onnx could not be fetched: the source answered 503."), (exception.Trouble, exception.Message));
        Assert.Single(store.Ranges);
    }

    [Fact]
    public async Task Fetch_503AgainAndAgain_GivesUp()
    {
        await using var store = await FileServer.StartAsync(Content, [.. Enumerable.Repeat(FileServer.Answers(503), 20)]);
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal(FetchTrouble.Unreachable, exception.Trouble);
        Assert.Equal(Retries.Attempts, store.Ranges.Count);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Fetch_Refusal_IsNotTriedAgain(int status)
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Answers(status));
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(store.Url));
        Assert.Equal((FetchTrouble.Refused, $"model.onnx could not be fetched: the source answered {status}."), (exception.Trouble, exception.Message));
        Assert.Single(store.Ranges);
    }

    [Fact]
    public async Task Fetch_NobodyListens_SaysSo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}/file?signature=geheim";
        taken.Stop();
        var exception = await Assert.ThrowsAsync<FetchException>(() => FetchAsync(address));
        Assert.Equal((FetchTrouble.Unreachable, "model.onnx could not be fetched: the source accepts no connection."), (exception.Trouble, exception.Message));
        Assert.DoesNotContain("geheim", exception.ToString(), StringComparison.Ordinal);
        Assert.Equal(Retries.Attempts - 1, log.Entries.Count);
        Assert.All(log.Entries, e => Assert.DoesNotContain("geheim", e.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fetch_NothingComesForLong_IsABrokenConnection()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(1000));
        await FetchAsync(store.Url, stall: TimeSpan.FromSeconds(0.3));
        Assert.Equal(Content, Stored);
        Assert.Equal(["", "bytes=1000-"], store.Ranges);
        Assert.Contains("nothing came for 0.3 s", Assert.Single(log.Entries).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_WhatIsHereIsWhole_AsksNobody()
    {
        File.WriteAllBytes(folder.File("target"), Content);
        await FetchAsync("http://127.0.0.1:1/");
        Assert.Equal((Content.Length, 0), (here, fetched));
    }

    [Fact]
    public async Task Fetch_WhatIsHereIsDamaged_IsFetchedAnew()
    {
        File.WriteAllBytes(folder.File("target"), new byte[5000]);
        await using var store = await FileServer.StartAsync(Content);
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
        Assert.Equal(["bytes=5000-", ""], store.Ranges);
        Assert.Equal(Content.Length, here);
    }

    [Fact]
    public async Task Fetch_WhatIsHereIsTooLong_IsFetchedAnew()
    {
        File.WriteAllBytes(folder.File("target"), new byte[Content.Length + 1]);
        await using var store = await FileServer.StartAsync(Content);
        await FetchAsync(store.Url);
        Assert.Equal(Content, Stored);
    }

    [Fact]
    public async Task Fetch_FileOfThisMachine_GoesOnWhereItStopped()
    {
        File.WriteAllBytes(folder.File("source"), Content);
        File.WriteAllBytes(folder.File("target"), Content[..5000]);
        await FetchAsync(new Uri(folder.File("source")).AbsoluteUri);
        Assert.Equal(Content, Stored);
        Assert.Equal((Content.Length, Content.Length - 5000), (here, fetched));
    }

    [Fact]
    public async Task Fetch_DiskIsFull_SaysSoAndDoesNotTryAgain()
    {
        await using var store = await FileServer.StartAsync(Content);
        var full = new PartialFile(Wanted(store.Url), new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1), (_, _) => { });
        var exception = await Assert.ThrowsAsync<FetchException>(() => full.AppendAsync(Content, default).AsTask());
        Assert.Equal((FetchTrouble.Storage, "model.onnx could not be stored: the disk is full."), (exception.Trouble, exception.Message));
    }

    [Fact]
    public async Task Fetch_Cancelled_EndsAtOnceAndKeepsWhatCame()
    {
        await using var store = await FileServer.StartAsync(Content, FileServer.Stalls(1000));
        using var stop = new CancellationTokenSource();
        var fetch = FetchAsync(store.Url, cancellation: stop.Token);
        await Eventually.TrueAsync(() => Interlocked.Read(ref fetched) == 1000, "the first bytes");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        Assert.Equal(Content[..1000], Stored);
    }

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    private byte[] Stored => File.ReadAllBytes(folder.File("target"));

    private static WantedFile Wanted(string url) => new("model.onnx", new Uri(url), TestModels.Sha256(Content), Content.Length, "model.onnx");

    private async Task FetchAsync(string url, TimeSpan? step = null, TimeSpan? stall = null, CancellationToken cancellation = default)
    {
        var fetcher = new FileFetcher(http, stall ?? TimeSpan.FromMinutes(1), time, log);
        await using var target = new FileStream(folder.File("target"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1, FileOptions.Asynchronous);
        var fetch = fetcher.FetchAsync(Wanted(url), target, Progress, cancellation);
        await time.AdvanceUntilAsync(() => fetch.IsCompleted, step ?? TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        await fetch;
    }

    private void Progress(long bytes, bool isFetched)
    {
        here += bytes;
        Interlocked.Add(ref fetched, isFetched ? bytes : 0);
    }
}
