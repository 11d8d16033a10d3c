using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines.Tests;

/// <summary>containerd's content service over <see cref="FakeContainerd"/>.</summary>
internal sealed class FakeContent(FakeContainerd state) : Protocol.Content.ContentBase
{
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context) =>
        new() { Info = Describe(await state.EnterAsync("Info", context), request.Digest) };

    public override async Task<UpdateResponse> Update(UpdateRequest request, ServerCallContext context)
    {
        string name = await state.EnterAsync("Update", context);
        Describe(name, request.Info.Digest);
        ConcurrentDictionary<string, string> labels = state.Labels.GetOrAdd((name, request.Info.Digest), _ => new());
        foreach (string path in request.UpdateMask.Paths)
        {
            string key = path["labels.".Length..];
            labels[key] = request.Info.Labels[key];
            if (request.Info.Labels[key].Length == 0)
            {
                labels.TryRemove(key, out _);
            }
        }

        return new UpdateResponse { Info = Describe(name, request.Info.Digest) };
    }

    public override async Task<Empty> Delete(DeleteContentRequest request, ServerCallContext context) =>
        state.Content.TryRemove((await state.EnterAsync("Delete", context), request.Digest), out _)
            ? new Empty()
            : throw FakeContainerd.Error(StatusCode.NotFound, "not found");

    public override async Task Read(
        ReadContentRequest request, IServerStreamWriter<ReadContentResponse> responseStream, ServerCallContext context)
    {
        byte[] bytes = [.. state.Content[(await state.EnterAsync("Read", context), request.Digest)]];
        if (state.Flips && bytes.Length > 0)
        {
            bytes[^1] ^= 1;
        }

        long end = request.Size == 0 ? bytes.Length : request.Offset + request.Size;
        const int Chunk = 1000;
        for (long offset = request.Offset; offset < end; offset += Chunk)
        {
            await responseStream.WriteAsync(new ReadContentResponse
            {
                Offset = offset + state.OffsetLie,
                Data = ByteString.CopyFrom(bytes, (int)offset, (int)Math.Min(Chunk, end - offset)),
            });
        }
    }

    public override async Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) =>
        state.Ingests.TryGetValue((await state.EnterAsync("Status", context), request.Ref), out byte[]? bytes)
            ? new StatusResponse { Status = new Protocol.Status { Ref = request.Ref, Offset = bytes.Length } }
            : throw FakeContainerd.Error(StatusCode.NotFound, "not found");

    public override async Task<Empty> Abort(AbortRequest request, ServerCallContext context) =>
        state.Ingests.TryRemove((await state.EnterAsync("Abort", context), request.Ref), out _)
            ? new Empty()
            : throw FakeContainerd.Error(StatusCode.NotFound, "not found");

    public override async Task Write(
        IAsyncStreamReader<WriteContentRequest> requestStream, IServerStreamWriter<WriteContentResponse> responseStream,
        ServerCallContext context)
    {
        string name = await state.EnterAsync("Write", context);
        string? reference = null;
        try
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                WriteContentRequest request = requestStream.Current;
                if (reference is null)
                {
                    if (!state.Locks.TryAdd((name, request.Ref), true))
                    {
                        throw FakeContainerd.Error(StatusCode.Unavailable, $"ref {request.Ref} locked");
                    }

                    reference = request.Ref;
                }

                await AnswerAsync(name, request, responseStream);
                if (request.Action == WriteAction.Commit)
                {
                    return;
                }
            }
        }
        finally
        {
            if (reference is not null)
            {
                state.Locks.TryRemove((name, reference), out _);
            }
        }
    }

    private async Task AnswerAsync(string name, WriteContentRequest request, IServerStreamWriter<WriteContentResponse> responseStream)
    {
        (string, string) key = (name, request.Ref);
        if (state.Content.ContainsKey((name, request.Expected)))
        {
            throw FakeContainerd.Error(StatusCode.AlreadyExists, "exists");
        }

        byte[] bytes = state.Ingests.GetOrAdd(key, _ => Shared(request.Expected) ?? []);
        if (request.Action != WriteAction.Stat && request.Offset != bytes.Length)
        {
            throw FakeContainerd.Error(StatusCode.OutOfRange, "not at the current offset");
        }

        bytes = [.. bytes, .. request.Data.Span];
        state.Ingests[key] = bytes;
        string digest = Digest.Compute(bytes).ToString();
        if (request.Action == WriteAction.Commit)
        {
            if ((request.Expected.Length > 0 && request.Expected != digest) || (request.Total > 0 && request.Total != bytes.Length))
            {
                throw FakeContainerd.Error(StatusCode.FailedPrecondition, $"unexpected commit digest {digest}");
            }

            state.Content[(name, digest)] = bytes;
            state.Labels[(name, digest)] = new(request.Labels);
            state.Ingests.TryRemove(key, out _);
        }

        await responseStream.WriteAsync(new WriteContentResponse
        {
            Action = request.Action,
            Offset = bytes.Length + (request.Action == WriteAction.Write ? state.WriteLie : 0),
            Digest = digest,
        });
    }

    private byte[]? Shared(string digest) => state.Content.FirstOrDefault(item => item.Key.Digest == digest).Value;

    private Info Describe(string name, string digest)
    {
        if (!state.Content.TryGetValue((name, digest), out byte[]? bytes))
        {
            throw FakeContainerd.Error(StatusCode.NotFound, $"content {digest}: not found");
        }

        var info = new Info { Digest = digest, Size = bytes.Length };
        foreach ((string key, string value) in state.Labels.GetValueOrDefault((name, digest)) ?? new())
        {
            info.Labels[key] = value;
        }

        return info;
    }
}
