using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines.Tests;

/// <summary>containerd's leases over <see cref="FakeContainerd"/>.</summary>
internal sealed class FakeLeases(FakeContainerd state) : Protocol.Leases.LeasesBase
{
    public override async Task<CreateResponse> Create(CreateRequest request, ServerCallContext context)
    {
        await state.EnterAsync("CreateLease", context);
        state.Leases[request.Id] = [];
        state.ExpireLabels.Add(request.Labels["containerd.io/gc.expire"]);
        return new CreateResponse { Lease = new Lease { Id = request.Id } };
    }

    public override async Task<Empty> Delete(DeleteRequest request, ServerCallContext context)
    {
        await state.EnterAsync("DeleteLease", context);
        state.Leases.TryRemove(request.Id, out _);
        return new Empty();
    }

    public override async Task<Empty> AddResource(AddResourceRequest request, ServerCallContext context)
    {
        await state.EnterAsync("AddResource", context);
        state.Leases[request.Id].Add(request.Resource.Id);
        return new Empty();
    }
}
