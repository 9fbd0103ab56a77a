using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Access;
using Ops.Data.Audit;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class UploadHazardTests
{
    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("\\..\\..\\x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("://x")]
    [InlineData("s3://b/a/../../t2")]
    [InlineData("..%2f..%2fx")]
    [InlineData("%252e%252e%252f")]
    [InlineData("artifact%00")]
    [InlineData("<script>")]
    [InlineData("=1+1")]
    [InlineData("a\u202Eb")]
    [InlineData("m\u043Edel.onnx")]
    public async Task Begin_HostileNames_AreRefusedWithoutATrace(string name)
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();

        using var path = await client.TryBeginAsync(new { model = "digits", files = new[] { new { path = name, size = 1 } } });
        using var model = await client.TryBeginAsync(new { model = name, files = new[] { new { path = "model.onnx", size = 1 } } });

        Assert.Equal(HttpStatusCode.BadRequest, path.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, model.StatusCode);
        await using var db = host.Db();
        Assert.Equal((0, 0, 0), (await db.Models.CountAsync(), await db.Uploads.CountAsync(), await db.AuditEntries.CountAsync()));
        Assert.Empty(await host.Store.ListAsync(default).ToListAsync());
    }

    [Theory]
    [InlineData("""{"model":"digits","files":[]}""")]
    [InlineData("""{"model":"digits"}""")]
    [InlineData("""{"model":"digits","files":[null]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":-1}]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":0}]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":9223372036854775807},{"path":"b","size":9223372036854775807}]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":99999999999999999999}]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":1},{"path":"A","size":1}]}""")]
    [InlineData("""{"model":"digits","files":[{"path":"a","size":1},{"path":"b","size":1},{"path":"c","size":1},{"path":"d","size":1}]}""")]
    [InlineData("""{"model":"digits","notes":"a\u0000b","files":[{"path":"a","size":1}]}""")]
    [InlineData("""{"model":"digits","lineage":{"source":"a\u001bb"},"files":[{"path":"a","size":1}]}""")]
    [InlineData("""{"files":[{"path":"a","size":1}]}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("")]
    public async Task Begin_MalformedOrOutOfBounds_Is400(string json)
    {
        await using var host = await UploadHost.StartAsync(configure: options => options.MaxFiles = 3);
        var client = await host.ClientAsync();

        using var reply = await client.Http.PostAsync("/api/uploads", new StringContent(json, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        await using var db = host.Db();
        Assert.Equal(0, await db.Uploads.CountAsync());
    }

    [Fact]
    public async Task Begin_NoRoomOrTooManyOpen_IsRefused()
    {
        await using var host = await UploadHost.StartAsync(configure: options => options.MaxOpenUploads = 1);
        var client = await host.ClientAsync();
        host.Store.FreeBytes = 300L * 1024 * 1024;

        using var tooLarge = await client.TryBeginAsync(new { model = "digits", files = new[] { new { path = "a", size = 100L * 1024 * 1024 } } });
        using var fits = await client.TryBeginAsync(new { model = "digits", files = new[] { new { path = "a", size = 10L * 1024 * 1024 } } });
        using var second = await client.TryBeginAsync(new { model = "digits", files = new[] { new { path = "a", size = 1 } } });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, tooLarge.StatusCode);
        Assert.Equal(HttpStatusCode.Created, fits.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
    }

    [Fact]
    public async Task Everything_ByAnotherPerson_Is404()
    {
        await using var host = await UploadHost.StartAsync();
        var olga = await host.ClientAsync("olga");
        var mallory = await host.ClientAsync("mallory");
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await olga.BeginAsync("digits", file);

        HttpStatusCode[] answers =
        [
            (await mallory.Http.GetAsync($"/api/uploads/{upload.Id}")).StatusCode,
            (await mallory.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx)).StatusCode,
            (await mallory.Http.PostAsJsonAsync($"/api/uploads/{upload.Id}/addresses", new { parts = new[] { new { fileId = upload.Files[0].Id, number = 1 } } })).StatusCode,
            (await mallory.CompleteAsync(upload, file)).StatusCode,
            (await mallory.Http.DeleteAsync($"/api/uploads/{upload.Id}")).StatusCode,
        ];

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NotFound, answer));
        Assert.Equal("[]", await mallory.Http.GetStringAsync("/api/uploads"));
        Assert.Equal("Open", (await olga.StatusAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Put_FileOfAnotherUpload_Is404()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var first = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        var second = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));

        using var reply = await client.PutAsync(first.Id, second.Files[0].Id, 1, UploadClient.Onnx);

        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        Assert.Equal(0, host.Store.Writes);
    }

    [Fact]
    public async Task EveryRequest_WithoutTheRight_Is403AndAudited()
    {
        await using var host = await UploadHost.StartAsync();
        var viewer = await host.ClientAsync("vera", Roles.Viewer);
        using var stranger = new HttpClient { BaseAddress = host.Address };

        using var begin = await viewer.TryBeginAsync(new { model = "digits", files = new[] { new { path = "a", size = 1 } } });
        using var list = await viewer.Http.GetAsync("/api/uploads");
        using var put = await viewer.PutAsync(Guid.NewGuid(), Guid.NewGuid(), 1, [1]);
        using var signedOut = await stranger.GetAsync("/api/uploads");

        Assert.All([begin, list, put], reply => Assert.Equal(HttpStatusCode.Forbidden, reply.StatusCode));
        Assert.Equal(HttpStatusCode.Unauthorized, signedOut.StatusCode);
        await using var db = host.Db();
        var entries = await db.AuditEntries.Where(e => e.Result == AuditResult.Refused && e.PersonName == "vera").Select(e => e.Action).ToListAsync();
        Assert.Equal(["upload.begin", "upload.part", "upload.read"], entries.Order());
    }

    [Fact]
    public async Task Put_UploaderDemotedMeanwhile_Is403()
    {
        await using var host = await UploadHost.StartAsync();
        var olga = await host.PersonAsync("olga");
        var client = host.ClientFor(olga);
        var upload = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        await using (var db = host.Db())
        {
            (await db.Users.SingleAsync(p => p.Id == olga.Id)).SetRoles(Roles.Viewer);
            await db.SaveChangesAsync();
        }

        using var reply = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx);

        Assert.Equal(HttpStatusCode.Forbidden, reply.StatusCode);
        Assert.Equal(0, host.Store.Writes);
    }

    [Fact]
    public async Task Put_OutOfRangeOrWrongLength_Is400AndNothingIsWritten()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var bytes = UploadClient.Weights((8 * 1024 * 1024) + 100);
        var upload = await client.BeginAsync("weights", ("model.gguf", bytes));
        var file = upload.Files[0].Id;

        foreach (var (number, length) in new[] { (0, 100), (-1, 100), (3, 100), (10_001, 100), (2, 99), (2, 101), (1, 100), (2, 0) })
        {
            using var reply = await client.PutAsync(upload.Id, file, number, new byte[length]);
            Assert.True(reply.StatusCode is HttpStatusCode.BadRequest, $"part {number} of {length} bytes: {reply.StatusCode}");
        }

        using var endless = await client.PutAsync(upload.Id, file, int.MaxValue, [1]);
        client.Http.DefaultRequestHeaders.ExpectContinue = true;
        using var tooLarge = await client.PutAsync(upload.Id, file, 1, new byte[(64 * 1024 * 1024) + 1]);
        Assert.Equal(HttpStatusCode.BadRequest, endless.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, tooLarge.StatusCode);
        Assert.Equal(0, host.Store.Writes);
    }

    [Fact]
    public async Task Put_ChunkedWithoutALength_Is411()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/uploads/{upload.Id}/files/{upload.Files[0].Id}/parts/1") { Content = new ByteArrayContent(UploadClient.Onnx) };
        request.Headers.TransferEncodingChunked = true;

        using var reply = await client.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.LengthRequired, reply.StatusCode);
    }

    [Fact]
    public async Task Put_HashThatDoesNotAgree_IsNotKept()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        var file = upload.Files[0].Id;

        using var malformed = await client.PutAsync(upload.Id, file, 1, UploadClient.Onnx, "xyz");
        using var wrong = await client.PutAsync(upload.Id, file, 1, UploadClient.Onnx, UploadClient.Hash([1]));
        var between = await client.StatusAsync(upload.Id);
        using var right = await client.PutAsync(upload.Id, file, 1, UploadClient.Onnx, UploadClient.Hash(UploadClient.Onnx));

        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, wrong.StatusCode);
        Assert.Empty(between.Files[0].Parts);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task Put_ConnectionBreaksInTheMiddle_DoesNotCountAndCanBeRepeated()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var upload = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        var file = upload.Files[0].Id;

        using (var socket = new TcpClient(host.Address.Host, host.Address.Port))
        {
            var head = $"PUT /api/uploads/{upload.Id}/files/{file}/parts/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {client.Http.DefaultRequestHeaders.Authorization}\r\nContent-Length: {UploadClient.Onnx.Length}\r\n\r\n";
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            await socket.GetStream().WriteAsync(UploadClient.Onnx.AsMemory(0, UploadClient.Onnx.Length / 2));
            await Task.Delay(200);
        }

        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
        using var again = await client.PutAsync(upload.Id, file, 1, UploadClient.Onnx);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(1, host.Store.Writes);
    }

    [Fact]
    public async Task Put_TheSamePartAgain_IsAnsweredAlikeAndOtherBytesAreRefused()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        (string, byte[]) file = ("model.onnx", UploadClient.Onnx);
        var upload = await client.BeginAsync("digits", file);
        var other = UploadClient.Onnx.ToArray();
        other[^1] ^= 1;

        using var first = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx);
        using var same = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx);
        using var changed = await client.PutAsync(upload.Id, upload.Files[0].Id, 1, other);
        using var completed = await client.CompleteAsync(upload, file);

        Assert.Equal(await first.Content.ReadAsStringAsync(), await same.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Conflict, changed.StatusCode);
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }

    [Fact]
    public async Task Put_TwoTabsSendTheSamePartAtOnce_OneSetOfBytesWins()
    {
        await using var host = await UploadHost.StartAsync();
        var client = await host.ClientAsync();
        var mine = UploadClient.Weights(4 * 1024 * 1024);
        var yours = UploadClient.Weights(4 * 1024 * 1024);
        var upload = await client.BeginAsync("weights", ("model.gguf", mine));

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => client.PutAsync(upload.Id, upload.Files[0].Id, 1, n % 2 == 0 ? mine : yours)));

        Assert.Equal(1, host.Store.Writes);
        var kept = (await client.StatusAsync(upload.Id)).Files[0].FirstPartSha256;
        var winner = kept == UploadClient.Hash(mine) ? 0 : 1;
        Assert.Equal(UploadClient.Hash(winner == 0 ? mine : yours), kept);
        Assert.All(replies.Index(), r => Assert.Equal(r.Index % 2 == winner ? HttpStatusCode.OK : HttpStatusCode.Conflict, r.Item.StatusCode));
        using var completed = await client.CompleteAsync(upload, ("model.gguf", winner == 0 ? mine : yours));
        Assert.Equal("Completed", (await client.WaitForEndAsync(upload.Id)).State);
    }
}
