using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines.Tests;

/// <summary>containerd's service of image names over <see cref="FakeContainerd"/>.</summary>
internal sealed class FakeImages(FakeContainerd state) : Protocol.Images.ImagesBase
{
    public override async Task<GetImageResponse> Get(GetImageRequest request, ServerCallContext context) =>
        state.Images.TryGetValue((await state.EnterAsync("Get", context), request.Name), out Image? image)
            ? new GetImageResponse { Image = image }
            : throw FakeContainerd.Error(StatusCode.NotFound, "not found");

    public override async Task<ListImagesResponse> List(ListImagesRequest request, ServerCallContext context)
    {
        string name = await state.EnterAsync("List", context);
        var answer = new ListImagesResponse();
        answer.Images.AddRange(state.Images.Where(item => item.Key.Namespace == name).Select(item => item.Value));
        return answer;
    }

    public override async Task<CreateImageResponse> Create(CreateImageRequest request, ServerCallContext context) =>
        state.Images.TryAdd((await state.EnterAsync("Create", context), request.Image.Name), request.Image)
            ? new CreateImageResponse { Image = request.Image }
            : throw FakeContainerd.Error(StatusCode.AlreadyExists, "exists");

    public override async Task<UpdateImageResponse> Update(UpdateImageRequest request, ServerCallContext context)
    {
        string name = await state.EnterAsync("UpdateImage", context);
        if (!state.Images.TryGetValue((name, request.Image.Name), out Image? image))
        {
            throw FakeContainerd.Error(StatusCode.NotFound, "not found");
        }

        foreach (string path in request.UpdateMask.Paths)
        {
            if (path == "target")
            {
                image.Target = request.Image.Target;
            }
            else
            {
                image.Labels[path["labels.".Length..]] = request.Image.Labels[path["labels.".Length..]];
            }
        }

        return new UpdateImageResponse { Image = image };
    }

    public override async Task<Empty> Delete(DeleteImageRequest request, ServerCallContext context) =>
        state.Images.TryRemove((await state.EnterAsync("DeleteImage", context), request.Name), out _)
            ? new Empty()
            : throw FakeContainerd.Error(StatusCode.NotFound, "not found");
}
