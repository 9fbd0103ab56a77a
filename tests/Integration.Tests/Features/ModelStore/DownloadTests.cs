using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class DownloadTests(DownloadTests.Host shared) : IClassFixture<DownloadTests.Host>
{
    private const string Address = "/models/digits/versions/1/files/";

    private static string Hash => UploadClient.Hash(UploadClient.Onnx);

    private HttpClient Http => shared.Client.Http;

    [Fact]
    public async Task Get_WholeFile_ComesAsAnAttachmentWithItsHash()
    {
        using var response = await Http.GetAsync(Address + "sub%20folder/model.onnx");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(UploadClient.Onnx, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Hash}\"", response.Headers.ETag?.Tag);
        Assert.Equal("bytes", Assert.Single(response.Headers.AcceptRanges));
        Assert.Equal(("attachment", "model.onnx"), (response.Content.Headers.ContentDisposition?.DispositionType, response.Content.Headers.ContentDisposition?.FileName));
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Get_Range_GivesThatPieceOnlyWhileTheFileIsTheSame()
    {
        using var piece = await SendAsync(HttpMethod.Get, r => r.Headers.Range = new(100, 199));
        using var same = await SendAsync(HttpMethod.Get, r => (r.Headers.Range, r.Headers.IfRange) = (new(100, 199), new($"\"{Hash}\"")));
        using var other = await SendAsync(HttpMethod.Get, r => (r.Headers.Range, r.Headers.IfRange) = (new(100, 199), new("\"other\"")));
        using var beyond = await SendAsync(HttpMethod.Get, r => r.Headers.Range = new(10_000_000, null));

        Assert.Equal(HttpStatusCode.PartialContent, piece.StatusCode);
        Assert.Equal(UploadClient.Onnx[100..200], await piece.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.PartialContent, same.StatusCode);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
    }

    [Fact]
    public async Task Head_AndKnownTag_SendNoBytes()
    {
        using var head = await SendAsync(HttpMethod.Head, _ => { });
        using var known = await SendAsync(HttpMethod.Get, r => r.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{Hash}\"")));

        Assert.Equal((HttpStatusCode.OK, UploadClient.Onnx.Length), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task Get_All_IsAZipOfThem()
    {
        using var response = await Http.GetAsync("/models/digits/versions/1/download");

        Assert.Equal("digits-1.zip", response.Content.Headers.ContentDisposition?.FileName);
        await using var zip = await ZipArchive.CreateAsync(await response.Content.ReadAsStreamAsync(), ZipArchiveMode.Read, leaveOpen: false, entryNameEncoding: null);
        Assert.Equal(["README.md", "empty.txt", "sub folder/model.onnx"], zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal));
        using var read = new MemoryStream();
        await using (var entry = await zip.GetEntry("sub folder/model.onnx")!.OpenAsync())
        {
            await entry.CopyToAsync(read);
        }

        Assert.Equal(UploadClient.Onnx, read.ToArray());
    }

    [Theory]
    [InlineData("..%2f..%2fx")]
    [InlineData("%252e%252e%252fx")]
    [InlineData("%2e%2e%2f%2e%2e%2fetc%2fpasswd")]
    [InlineData("%5c..%5c..%5cx")]
    [InlineData("file:%2f%2f%2fetc/passwd")]
    [InlineData("a/../../../../../etc/passwd")]
    [InlineData("artifact%00")]
    [InlineData("sub%20folder")]
    [InlineData("SUB%20FOLDER/MODEL.ONNX")]
    [InlineData("")]
    public async Task Get_HostilePath_IsRefused(string path)
    {
        // Sent as it is: the client's own tidying of addresses would hide it.
        var answer = await RawAsync($"GET {Address}{path} HTTP/1.1");

        Assert.Matches("^HTTP/1.1 40[04]", answer);
    }

    [Theory]
    [InlineData("/models/digits/versions/2/download")]
    [InlineData("/models/other/versions/1/download")]
    [InlineData("/models/digits/versions/1/files/nothing.bin")]
    public async Task Get_WhatIsNotThere_IsNotFound(string address)
    {
        using var response = await Http.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Get_StrangerOrDisabledAccount_GetsNothingAndLeavesARefusal()
    {
        using var stranger = new HttpClient { BaseAddress = shared.Upload.Address };
        using var unknown = await stranger.GetAsync(Address + "README.md");
        var person = await shared.Upload.PersonAsync("gone", Roles.Viewer);
        await using (var db = shared.Upload.Db())
        {
            (await db.Users.SingleAsync(p => p.Id == person.Id)).Disable(TimeProvider.System.GetUtcNow());
            await db.SaveChangesAsync();
        }

        using var disabled = await shared.Upload.ClientFor(person).Http.GetAsync(Address + "README.md");

        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, disabled.StatusCode);
        await using var fresh = shared.Upload.Db();
        Assert.True(await fresh.AuditEntries.AnyAsync(e => e.Action == "version.download" && e.Result == Ops.Data.Audit.AuditResult.Refused && e.PersonName == "gone"));
    }

    [Fact]
    public async Task Get_Viewer_IsLetInAndWrittenDown()
    {
        var client = await shared.Upload.ClientAsync("vera", Roles.Viewer);

        using (await client.Http.GetAsync(Address + "README.md"))
        using (await client.Http.GetAsync("/models/digits/versions/1/download"))
        {
        }

        await using var db = shared.Upload.Db();
        Assert.Equal(2, await db.AuditEntries.CountAsync(e => e.Action == "version.download" && e.PersonName == "vera"));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(method, Address + "sub%20folder/model.onnx");
        change(request);
        return await Http.SendAsync(request);
    }

    private async Task<string> RawAsync(string line)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, shared.Upload.Address.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{line}\r\nHost: localhost\r\nAuthorization: {Http.DefaultRequestHeaders.Authorization}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>A host with one version in it.</summary>
    public sealed class Host : IAsyncLifetime
    {
        private UploadHost? upload;
        private UploadClient? client;

        internal UploadHost Upload => upload!;

        internal UploadClient Client => client!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            upload = await UploadHost.StartAsync();
            client = await upload.ClientAsync();
            await client.UploadAsync("digits", ("sub folder/model.onnx", UploadClient.Onnx), ("README.md", "# Digits"u8.ToArray()), ("empty.txt", []));
        }

        /// <inheritdoc/>
        public async ValueTask DisposeAsync() => await Upload.DisposeAsync();
    }
}
