using System.Diagnostics;
using System.Globalization;
using Ops.Benchmarks.Uploads;
using Ops.Testing;

namespace Ops.Benchmarks.Stores;

/// <summary>
/// Uploads one large file to an S3 server: straight there as a browser does, through the dashboard, and with the AWS command line, in one run
/// against the same server; then many small files, and one still larger through the dashboard for its memory alone. Options:
/// <c>--mib 2048</c>, <c>--files 1000</c>, <c>--memory-mib 10240</c> (0 leaves it out; it needs twice as much room on the disk).
/// <c>OPS_TEST_S3_ENDPOINT</c> names a server, else OpenStack Swift is started. Fails when sending straight to the store has less than 0.9 of
/// the command line's speed, or the dashboard's memory ever grew by more than 64 MiB.
/// </summary>
internal static class StoresBenchmark
{
    private const long MiB = 1024 * 1024;
    private const int SmallBytes = 100_000;
    private const int InFlightDirect = 6;
    private const int InFlight = 4;
    private const double LeastShare = 0.9;
    private const double AllowedGrowthMiB = 64;

    public static async Task<int> RunAsync(string[] args)
    {
        var size = UploadBenchmark.Option(args, "--mib", 2048) * MiB;
        var count = (int)UploadBenchmark.Option(args, "--files", 1000);
        var memory = UploadBenchmark.Option(args, "--memory-mib", 10 * 1024) * MiB;
        var folder = Directory.CreateTempSubdirectory("ops-benchmark-").FullName;
        var data = Path.Combine(folder, "data");
        var server = await S3Server.SharedAsync();
        var bucket = await S3StoreRows.MakeBucketAsync(server);
        try
        {
            await using var process = await MeasuredServer.StartAsync(data, db => S3StoreRows.AddAsync(db, data, server, new() { Bucket = bucket, Prefix = "benchmark/", DirectUploads = true }));
            using var dashboard = await process.SignInAsync();
            using var store = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(10) };
            var upload = new StoreUpload(dashboard, store);
            var isGood = await MeasureLargeAsync(upload, process, server, bucket, folder, size);
            await MeasureSmallAsync(upload, server, bucket, Path.Combine(folder, "small"), count);
            isGood &= memory == 0 || await MeasureMemoryAsync(upload, process, folder, memory);
            return isGood ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<bool> MeasureLargeAsync(StoreUpload upload, MeasuredServer process, S3Server server, string bucket, string folder, long size)
    {
        var warm = Path.Combine(folder, "warm-up.gguf");
        Dictionary<string, string> warmUp = new() { [warm] = await UploadBenchmark.GenerateAsync(warm, 40 * MiB) };
        await upload.RunAsync("warm-up", warmUp, direct: true, InFlightDirect);
        await upload.RunAsync("warm-up", warmUp, direct: false, InFlight);

        var file = Path.Combine(folder, "model.gguf");
        Dictionary<string, string> large = new() { [file] = await UploadBenchmark.GenerateAsync(file, size) };
        var cli = await AwsAsync(server, "s3", "cp", "--no-progress", file, $"s3://{bucket}/cli/model.gguf");
        Console.WriteLine(UploadBenchmark.Line("aws s3 cp", size, cli));
        var direct = await MeasureAsync("straight to the store", direct: true, InFlightDirect);
        var streamed = await MeasureAsync("through the dashboard", direct: false, InFlight);
        File.Delete(file);
        return direct.Share >= LeastShare && Math.Max(direct.GrowthMiB, streamed.GrowthMiB) <= AllowedGrowthMiB;

        async Task<(double Share, double GrowthMiB)> MeasureAsync(string what, bool direct, int inFlight)
        {
            var (sent, growth) = await RunAsync(upload, process, what, large, direct, inFlight);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {cli / sent:F2} of the command line's speed{(direct ? $" (at least {LeastShare})" : "")}"));
            return (cli / sent, growth);
        }
    }

    private static async Task<bool> MeasureMemoryAsync(StoreUpload upload, MeasuredServer process, string folder, long size)
    {
        var file = Path.Combine(folder, "memory.gguf");
        Dictionary<string, string> one = new() { [file] = await UploadBenchmark.GenerateAsync(file, size) };
        var (_, growth) = await RunAsync(upload, process, "through the dashboard, for its memory", one, direct: false, InFlight);
        return growth <= AllowedGrowthMiB;
    }

    // One file: how long its parts took, and by how many MiB the dashboard's memory grew until it was a version.
    private static async Task<(TimeSpan Sent, double GrowthMiB)> RunAsync(StoreUpload upload, MeasuredServer process, string what, Dictionary<string, string> file, bool direct, int inFlight)
    {
        var size = new FileInfo(file.Keys.Single()).Length;
        process.BeginMemory();
        var (sent, verified) = await upload.RunAsync("large", file, direct, inFlight);
        var (before, peak) = process.EndMemory();
        var growth = (peak - before) / (double)MiB;
        Console.WriteLine(UploadBenchmark.Line($"{what}, {inFlight} parts in flight", size, sent));
        Console.WriteLine(UploadBenchmark.Line("  read back, hashed and made a version", size, verified));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  dashboard RSS {before / MiB} MiB before, grew by {growth:F1} MiB (at most {AllowedGrowthMiB})"));
        return (sent, growth);
    }

    private static async Task MeasureSmallAsync(StoreUpload upload, S3Server server, string bucket, string folder, int count)
    {
        Directory.CreateDirectory(folder);
        Dictionary<string, string> files = [];
        for (var index = 0; index < count; index++)
        {
            var path = Path.Combine(folder, $"part-{index:D5}.gguf");
            files[path] = await UploadBenchmark.GenerateAsync(path, SmallBytes);
        }

        var cli = await AwsAsync(server, "s3", "cp", "--no-progress", "--recursive", folder, $"s3://{bucket}/cli/small");
        var (sent, _) = await upload.RunAsync("small", files, direct: true, InFlight);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} files of {SmallBytes / 1000} KB: aws s3 cp --recursive {count / cli.TotalSeconds:F0} files/s, the dashboard {count / sent.TotalSeconds:F0} files/s ({cli / sent:F2} of it)"));
    }

    private static async Task<TimeSpan> AwsAsync(S3Server server, params string[] arguments)
    {
        var start = new ProcessStartInfo("aws", ["--endpoint-url", server.Endpoint.GetLeftPart(UriPartial.Authority), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["AWS_ACCESS_KEY_ID"] = server.AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = server.SecretKey;
        start.Environment["AWS_DEFAULT_REGION"] = "us-east-1";
        start.Environment["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_required";
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start) ?? throw new InvalidOperationException("The AWS command line did not start. Install it, such as with pip install awscli.");
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? clock.Elapsed : throw new InvalidOperationException($"aws ended with {process.ExitCode}.");
    }
}
