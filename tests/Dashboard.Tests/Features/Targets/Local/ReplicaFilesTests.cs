using System.Text;
using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Local;

namespace Ops.Dashboard.Tests.Features.Targets.Local;

public sealed class ReplicaFilesTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-replica-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Record_WrittenAndRead_IsTheSame()
    {
        var record = Record();
        var folder = ReplicaFolder.Of(root, record.Id);

        folder.Write(record);

        Assert.Equal(record, folder.ReadRecord());
    }

    [Fact]
    public void Record_Damaged_IsNone()
    {
        var record = Record();
        var folder = ReplicaFolder.Of(root, record.Id);
        folder.Write(record);
        var file = Path.Combine(root, record.Id, "replica.json");
        var text = File.ReadAllText(file);

        File.WriteAllText(file, text[..(text.Length / 2)]);
        Assert.Null(folder.ReadRecord());
        File.WriteAllText(file, text.Replace("digits", "others", StringComparison.Ordinal));
        Assert.Null(folder.ReadRecord());
    }

    [Fact]
    public void Record_InAnotherFolder_IsNone()
    {
        var record = Record();
        ReplicaFolder.Of(root, record.Id).Write(record);
        Directory.Move(Path.Combine(root, record.Id), Path.Combine(root, "other"));

        Assert.Null(ReplicaFolder.Of(root, "other").ReadRecord());
    }

    [Fact]
    public void All_RemovalCutShort_IsFinished()
    {
        var record = Record();
        ReplicaFolder.Of(root, record.Id).Write(record);
        Directory.CreateDirectory(Path.Combine(root, ".gone-abc", "run-x"));

        Assert.Equal([record.Id], ReplicaFolder.All(root).Select(f => f.Id));
        Assert.False(Directory.Exists(Path.Combine(root, ".gone-abc")));
    }

    [Fact]
    public void PrepareRun_EarlierRun_IsRemoved()
    {
        var folder = ReplicaFolder.Of(root, "abc");
        folder.PrepareRun("one", [1]);
        folder.PrepareRun("two", [2]);

        Assert.False(Directory.Exists(folder.RunFolder("one")));
        Assert.Equal([2], File.ReadAllBytes(folder.ConfigFile("two")));
    }

    [Theory]
    [InlineData("""{"pid":7,"url":"http://127.0.0.1:99","instance":"one","state":"ready"}""", true)]
    [InlineData("""{"pid":7,"url":"http://127.0.0.1:99","instance":"other","state":"ready"}""", false)]
    [InlineData("""{"pid":7,"url":"http://12""", false)]
    [InlineData("null", false)]
    public void Report_OfAnotherProcessOrTorn_IsNone(string json, bool isThere) =>
        Assert.Equal(isThere, ProcessReport.Parse(Encoding.UTF8.GetBytes(json), "one") is not null);

    [Theory]
    [InlineData("http://127.0.0.1:99", true)]
    [InlineData("http://[::1]:99", true)]
    [InlineData("http://10.0.0.7:99", false)]
    [InlineData("http://evil.example:99", false)]
    [InlineData("ftp://127.0.0.1:99", false)]
    public void Report_AddressOfAnotherMachine_IsLeftOut(string url, bool isKept)
    {
        var report = ProcessReport.Parse(Encoding.UTF8.GetBytes($$"""{"pid":7,"url":"{{url}}","instance":"one","state":"ready"}"""), "one");

        Assert.Equal(isKept, report?.Url is not null);
    }

    [Fact]
    public void Log_AboveItsBound_IsCutAndKeepsTheOlderPiece()
    {
        var log = new ReplicaLog(Path.Combine(root, "log"), Path.Combine(root, "log.1"));
        using var writer = new StreamWriter(new FileStream(log.Current, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        for (var i = 0; i < 200; i++)
        {
            writer.WriteLine($"line {i}");
        }

        log.Bound(bytes: 100);

        Assert.Equal(0, new FileInfo(log.Current).Length);
        Assert.Equal(["line 198", "line 199"], log.Tail(2));
    }

    [Fact]
    public void LastWords_JsonErrorBeforeOtherLines_IsTheSentenceInIt()
    {
        var log = new ReplicaLog(Path.Combine(root, "log"), Path.Combine(root, "log.1"));
        File.WriteAllText(log.Current, """
            {"LogLevel":"Information","Message":"Began"}
            {"LogLevel":"Error","Message":"The disk is full"}
            {"LogLevel":"Information","Message":"Goodbye"}

            """);

        Assert.Equal("The disk is full", log.LastWords());
    }

    [Fact]
    public void LastWords_NoLog_IsNone() => Assert.Null(new ReplicaLog(Path.Combine(root, "log"), Path.Combine(root, "log.1")).LastWords());

    [Theory]
    [InlineData(null, 9, "SIGKILL")]
    [InlineData(null, 11, "SIGSEGV")]
    [InlineData(null, 31, "signal 31")]
    [InlineData(1, null, "exit code 1")]
    [InlineData(0, null, "by itself")]
    [InlineData(null, null, "not known")]
    public void Describe_End_SaysItInWords(int? code, int? signal, string words) =>
        Assert.Contains(words, new ProcessEnd(code, signal).Describe(), StringComparison.Ordinal);

    private static ReplicaRecord Record() =>
        ReplicaRecord.Create(new(Guid.NewGuid(), "digits", Guid.NewGuid()), FakeMachine.Revision(1), new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
}
